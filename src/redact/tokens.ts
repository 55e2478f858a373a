/** Tokens of services, recognized by their prefixes: those of gitleaks, trufflehog and GitHub's secret scanning. */

import { looksRandom } from './plain.js';
import { add, type MutableRange, type Range } from './ranges.js';

/** What follows a prefix that names begin with, too. */
const BODY = '(?=[A-Za-z0-9]{16})';

/** Each begins with its own character, not with a class of characters: that is how they are found. */
const PREFIXES = [
  'AGE-SECRET-KEY-(?:PQ-)?1',
  'AIza',
  'AKCp',
  'AKID',
  'API-(?=[A-Z0-9]{20})',
  'AQVN',
  'AT(?:[AC]TT3|BB)',
  'A3-(?=[A-Z0-9]{6}-)',
  'ABSK',
  'CCIPAT_',
  'CFPAT-',
  'CLOJARS_',
  'EAA[ACM]',
  'EZ[AT]K',
  'FLW(?:SECK|PUBK)(?:_TEST)?-',
  'GOCSPX-',
  'GR1348941',
  'HRKU-AA',
  'LTAI',
  'NR(?:AK|II|JS|RA)-',
  'PMAK-',
  'SWM(?:TKN|KEY)-1-',
  'ZXlK',
  'access-(?:sandbox|development|production)-',
  `aio_${BODY}`,
  'api_org_',
  'apify_api_',
  `bkua_${BODY}`,
  'cmVmd',
  'dapi',
  'dckr_(?:pat|oat)_',
  `ddp_${BODY}`,
  'dnkey-',
  'do[opr]_v1_',
  'dp\\.(?:pt|st|ct|sa|scim|audit)\\.(?:[\\w-]{2,35}\\.)?',
  'dt0[a-z]\\d\\d\\.',
  'duffel_(?:live|test)_',
  'fi(?:gd_|o-u-)',
  'fm[12][ar]?_',
  `fo1_${BODY}`,
  'gh[opsur]_',
  'github_pat_',
  'gl(?:pat|dt|rt|soat|cbt|ptt|ft|imt|agent|oas|ffct)-',
  'gl(?:c|sa)_',
  'gsk_',
  'hf_',
  'hv[sbr]\\.',
  `ico-${BODY}`,
  'key-(?=[A-Za-z0-9]{32}(?!\\w))',
  'lin_(?:api|oauth)_',
  'lsv2_(?:pt|sk)_',
  'mdb_sa_sk_',
  'mlsn\\.',
  'n(?:fp|pm|tn|api)_',
  'nvapi-',
  'ops_eyJ',
  'pat(?:\\.[\\w-]{20,24}\\.|[A-Za-z0-9]{14}\\.(?=\\w{40}))',
  'pcsk_',
  `ph[cx]_${BODY}`,
  'pk\\.eyJ',
  `pnu_${BODY}`,
  'pplx-',
  'pscale_(?:tkn|pw|oauth)_',
  'pul-',
  'pypi-',
  `r8_${BODY}`,
  'rdme_',
  're_(?=[A-Za-z0-9]{6,12}_[A-Za-z0-9]{20})',
  'rk_(?:live|test|prod)_',
  `rnd_${BODY}`,
  'rubygems_',
  'rzp_(?:live|test)_',
  's\\.(?=[A-Za-z0-9]{24}(?![\\w.]))',
  's-s4t2(?:ud|af)-',
  'sat\\.[\\w-]{20,24}\\.',
  `sbp_${BODY}`,
  'sb_secret_',
  `sgp_${BODY}`,
  'sha256~',
  'shippo_(?:live|test)_',
  'shp(?:at|ca|pa|ss)_',
  'sk-(?:(?:proj|ant|or|admin|svcacct|lf)-)?',
  'sk_(?:live|test|prod)_',
  'sk\\.eyJ',
  'sl\\.(?=[\\w-]{40})',
  'sm_[aps]at_',
  'snyk_(?:uat|sat)\\.',
  'sntry[su]_',
  `sq(?:0(?:atp|csp|idp)-|[apu]_${BODY})`,
  't1\\.(?=[\\w-]{10,}\\.[\\w-]{20})',
  `tfp_${BODY}`,
  'tk-us-',
  'tskey-(?:auth|api|client)-',
  'tvly-',
  'vercel_blob_rw_',
  'waka_',
  'whsec_',
  'wrkaus-',
  'xai-',
  'xapp-',
  'xkeysib-',
  'xox[abeoprs](?:\\.xox[a-z])?-',
  'ya29\\.',
];

/** By their first character, so that most words are skipped at once. */
const PREFIX = Array.from(
  Map.groupBy(PREFIXES, ([first]) => first),
  ([first, prefixes]) => `${first}(?:${prefixes.map(prefix => prefix.slice(1)).join('|')})`,
).join('|');

/** The source of the expression for the beginning of a token. */
export const TOKEN_BEGINS = `(?<![\\w-])(?-i:${PREFIX}|A[KSBC][IC]A[A-Z0-9]{6}|SG\\.|(?:authress|scauth|ext|sc)_[a-z0-9]{3,30}\\.)`;

const TOKEN = new RegExp(
  `(?<![\\w-])(?:(?:${PREFIX})[\\w=+-]{12,}(?:\\.[\\w=+-]{4,})*|` +
    'A[KSBC][IC]A[A-Z0-9]{6,}(?![a-z])|SG\\.[\\w-]{10,}\\.[\\w-]{10,}|' +
    '(?:authress|scauth|ext|sc)_[a-z0-9]{3,30}\\.[\\w-]{4,8}\\.acc[_-][\\w-]{10,32}\\.[\\w+/=-]{20,})',
  'g',
);

/** Takes linear time: a token begins where no word precedes it. */
export function tokenSecrets(text: string): Range[] {
  const ranges: MutableRange[] = [];
  for (const { 0: token, index } of text.matchAll(TOKEN))
    if (looksRandom(token)) add(ranges, { start: index, end: index + token.length });
  return ranges;
}
