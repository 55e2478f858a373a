# Build with `npm run image`, which also names the commit, or: docker build -t pgaudit-shipper .
#
# Tags can be moved. To pin what you build from, give the digests that you have looked at:
#   docker buildx imagetools inspect node:24.21.0-bookworm-slim --format '{{.Manifest.Digest}}'
#   BUILD_IMAGE=node@sha256:… RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12@sha256:… npm run image
# distroless has no tags for versions: by digest is the only way to pin it. Both images need Node.js 24.19 or later.
ARG BUILD_IMAGE=node:24.21.0-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json rolldown.config.js ./
COPY src src
COPY demo demo
COPY scan scan
COPY scripts/build-info.js scripts/commit.js scripts/
ARG REVISION=unknown
# Nothing reads source maps, and they are two thirds of it.
RUN REVISION="${REVISION}" npm run build && rm dist/*.map

# Production dependencies only. Optional ones are needed (native code for this platform), but for Node.js itself, which the
# image below brings.
FROM ${BUILD_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY scripts/sbom.js scripts/prune.js scripts/
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/node-linux-* && node scripts/sbom.js . >sbom.json && node scripts/prune.js node_modules && mkdir state

FROM ${RUNTIME_IMAGE}
WORKDIR /app
ENV NODE_ENV=production
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
# The packages above, in CycloneDX. What the base image holds is in its own.
COPY --from=dependencies /app/sbom.json ./
COPY package.json LICENSE ./
COPY config config
# The only place that is written to: journal, checkpoint and cursors.
COPY --from=dependencies --chown=65532:65532 --chmod=0700 /app/state /var/lib/pgaudit-shipper
VOLUME /var/lib/pgaudit-shipper
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/nodejs/bin/node", "dist/main.js"]
CMD ["run", "--config", "/etc/pgaudit-shipper/config.yaml"]
ARG VERSION=0.2.0
ARG REVISION=unknown
ARG RUNTIME_IMAGE
LABEL org.opencontainers.image.title="pgaudit-shipper" \
  org.opencontainers.image.description="Ships what persons change in PostgreSQL, as pgAudit logs it, to Cloud Logging and a Cloud Storage archive" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.base.name="${RUNTIME_IMAGE}"
