# Build with: docker build -t pgaudit-shipper .
#
# Tags can be moved. To pin what you build from, give the digests that you have looked at:
#   docker buildx imagetools inspect node:24.21.0-bookworm-slim --format '{{.Manifest.Digest}}'
#   docker build --build-arg BUILD_IMAGE=node@sha256:… --build-arg RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12@sha256:… .
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
RUN npm run build

# Production dependencies only. Optional ones are needed (native code for this platform), but for Node.js itself, which the
# image below brings.
FROM ${BUILD_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/node-linux-* node_modules/.bin node_modules/@cj-tech-master && mkdir state

FROM ${RUNTIME_IMAGE}
WORKDIR /app
ENV NODE_ENV=production
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
COPY config config
# The only place that is written to: journal, checkpoint and cursors.
COPY --from=dependencies --chown=65532:65532 --chmod=0700 /app/state /var/lib/pgaudit-shipper
VOLUME /var/lib/pgaudit-shipper
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/nodejs/bin/node", "dist/main.js"]
CMD ["run", "--config", "/etc/pgaudit-shipper/config.yaml"]
