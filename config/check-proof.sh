#!/bin/bash
# Checks a proof of one event with openssl, jq and coreutils alone:
#   bash check-proof.sh proof.json public.pem [authority.pem]
# public.pem is the key that the seals must be signed with, authority.pem holds the certificates of the time stamping
# authority's roots. It ends with 0 if everything fits.
set -euo pipefail
proof=$1 key=$2 authority=${3-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "NOT PROVED: $1" >&2; exit 1; }
sha() { sha256sum | cut -d ' ' -f 1; }
bytes() { tr a-f A-F | basenc --base16 -d; }

# 1. Of the event's line and the hashes beside it, the tree's root is made: a leaf is hashed behind a byte 0, two
#    hashes behind a byte 1 (RFC 6962).
jq -j .line "$proof" > "$work/line"
jq -j .seal "$proof" > "$work/seal"
at=$(jq .index "$proof")
first=$(jq .seal.firstSeq "$work/seal")
[ "$(jq .seq "$work/line")" = $((first + at)) ] || fail 'the event is not where its number says'
[ "$(jq -r .chain "$work/line")" = "$(jq -r .chain "$work/seal")" ] || fail 'the seal is of another chain'
last=$(($(jq .seq "$work/seal") - first - 1))
((at <= last)) || fail 'the event is not among those of the seal'
hash=$({ printf '\0'; cat "$work/line"; } | sha)
for beside in $(jq -r '.path[]' "$proof"); do
  ((last > 0)) || fail 'the path is too long'
  if ((at % 2 == 1 || at == last)); then
    hash=$(printf '01%s%s' "$beside" "$hash" | bytes | sha)
    while ((at % 2 == 0 && at != 0)); do at=$((at / 2)) last=$((last / 2)); done
  else
    hash=$(printf '01%s%s' "$hash" "$beside" | bytes | sha)
  fi
  at=$((at / 2)) last=$((last / 2))
done
[ "$last" = 0 ] && [ "$hash" = "$(jq -r .seal.merkleRoot "$work/seal")" ] || fail 'the event does not lead to the root in its seal'
echo "the event is under the root of seal $(jq .seq "$work/seal")"

# 2. Each seal is signed, and names the one before it by the hash of its line.
check_seal() {
  text=$(cat "$1")
  unsigned=${text%,\"signature\":\"*}
  # Nothing may follow the signature: of two members with one name, jq takes the last, which nobody signed.
  [[ ${text:${#unsigned}} =~ ^,\"signature\":\"([A-Za-z0-9+/]+=*)\"\}$ ]] && [ "$(printf %s "$text" | sha)" = "$(sha < "$1")" ] ||
    fail 'a seal does not end with its signature'
  printf '%s}' "$unsigned" > "$work/unsigned"
  base64 -d <<< "${BASH_REMATCH[1]}" > "$work/signature"
  if [[ $(openssl pkey -pubin -in "$key" -noout -text) == *ED25519* ]]; then
    openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$work/unsigned" -sigfile "$work/signature" > "$work/said"
  else
    openssl dgst -sha256 -verify "$key" -signature "$work/signature" "$work/unsigned" > "$work/said"
  fi || fail "seal $(jq .seq "$1") is not signed with this key"
}
check_seal "$work/seal"
for ((n = 0; n < $(jq '.laterSeals | length' "$proof"); n++)); do
  jq -j ".laterSeals[$n]" "$proof" > "$work/next"
  [ "$(jq -r .seal.previousSeal.hash "$work/next")" = "$(sha < "$work/seal")" ] || fail 'a seal does not name the one before it'
  check_seal "$work/next"
  mv "$work/next" "$work/seal"
done
echo "$((n + 1)) seals are signed with the key"

# 3. The stamp is over the last of them.
if [ "$(jq 'has("timestamp")' "$proof")" = false ]; then
  echo 'there is no time stamp yet'
elif [ -z "$authority" ]; then
  echo 'the time stamp was not checked: give the certificates of its authority'
else
  jq -r .timestamp "$proof" | base64 -d > "$work/stamp.tsr"
  openssl ts -verify -digest "$(sha < "$work/seal")" -in "$work/stamp.tsr" -CAfile "$authority" > "$work/said" 2>&1 ||
    fail 'the time stamp does not fit'
  stamp=$(openssl ts -reply -in "$work/stamp.tsr" -text 2> /dev/null)
  stamp=${stamp#*Time stamp:}
  echo "Time stamp:${stamp%%$'\n'*}"
fi
