# Build with: docker build -t pgaudit-shipper .

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

# Production dependencies only; the image below brings Node.js itself, so npm's own need not come along.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts && mkdir /state

FROM gcr.io/distroless/nodejs24-debian12:nonroot
WORKDIR /app
ENV NODE_ENV=production
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
COPY config config
# The only place that is written to: journal, checkpoint and cursors.
COPY --from=dependencies --chown=65532:65532 --chmod=0700 /state /var/lib/pgaudit-shipper
VOLUME /var/lib/pgaudit-shipper
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/nodejs/bin/node", "dist/main.js"]
CMD ["run", "--config", "/etc/pgaudit-shipper/config.yaml"]
