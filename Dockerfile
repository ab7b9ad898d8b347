# A target per image: docker build --target ingress -t onceline/ingress:local . (docs/containers.md)
ARG NODE_IMAGE=node:24-bookworm-slim
# Only its C and C++ libraries are used: no shell, no package manager and no npm runs in an image of ours.
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${NODE_IMAGE} AS manifests
WORKDIR /sources
COPY . .
RUN mkdir /manifests && find . -name package.json -o -name package-lock.json | xargs cp --parents -t /manifests

FROM ${NODE_IMAGE} AS build
WORKDIR /sources
# From the manifests alone, so that a change of sources installs nothing anew. The secret is for networks with an authority of their own.
COPY --from=manifests /manifests/ ./
RUN --mount=type=secret,id=ca --mount=type=cache,target=/root/.npm \
    if [ -s /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
COPY . .
RUN node node_modules/typescript-7/bin/tsc -b
ARG SOURCE_DATE_EPOCH=0

FROM build AS ingress-files
RUN node deploy/docker/assemble.mjs /out/app apps/ingress
FROM build AS dedupe-files
RUN node deploy/docker/assemble.mjs /out/app apps/dedupe
FROM build AS ticketing-files
RUN node deploy/docker/assemble.mjs /out/app apps/ticketing
FROM build AS retry-files
RUN node deploy/docker/assemble.mjs /out/app apps/retry
FROM build AS setup-files
RUN node deploy/docker/assemble.mjs /out/app apps/ticketing apps/retry \
      tools/dist/provision.js tools/dist/audit.js tools/dist/compose-credentials.js \
 && mkdir /out/credentials && touch -d "@${SOURCE_DATE_EPOCH}" /out/credentials

FROM ${RUNTIME_IMAGE} AS runtime
ARG VERSION=local
ARG REVISION=unknown
LABEL org.opencontainers.image.vendor="Onceline" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production HOST=0.0.0.0 PATH=/app/bin:/usr/local/bin:/usr/bin:/bin
# A number, so that Kubernetes can tell that it is not root; the same that Node's own images call node.
USER 1000:1000
ENTRYPOINT ["/app/bin/node"]

FROM runtime AS ingress
LABEL org.opencontainers.image.title="onceline-ingress" \
      org.opencontainers.image.description="The webhook: an update is answered with 200 once Kafka has it"
ENV PORT=8080 OTEL_SERVICE_NAME=ingress
COPY --from=ingress-files /out/ /
WORKDIR /app/apps/ingress
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["/app/bin/node", "/app/bin/health.mjs", "/health/live"]
CMD ["--import", "@onceline/service-kit/telemetry", "dist/main.js"]

FROM runtime AS dedupe
LABEL org.opencontainers.image.title="onceline-dedupe" \
      org.opencontainers.image.description="Passes the first copy of each update on, exactly once"
ENV PORT=8081 OTEL_SERVICE_NAME=dedupe
COPY --from=dedupe-files /out/ /
WORKDIR /app/apps/dedupe
EXPOSE 8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["/app/bin/node", "/app/bin/health.mjs", "/health/live"]
CMD ["--import", "@onceline/service-kit/telemetry", "dist/main.js"]

FROM runtime AS ticketing
LABEL org.opencontainers.image.title="onceline-ticketing" \
      org.opencontainers.image.description="Tickets, ledger and their API; dist/migrate.js runs its migrations"
ENV PORT=8082 OTEL_SERVICE_NAME=ticketing
COPY --from=ticketing-files /out/ /
WORKDIR /app/apps/ticketing
EXPOSE 8082
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["/app/bin/node", "/app/bin/health.mjs", "/health/live"]
CMD ["--import", "@onceline/service-kit/telemetry", "dist/main.js"]

FROM runtime AS retry
LABEL org.opencontainers.image.title="onceline-retry" \
      org.opencontainers.image.description="Holds what failed until it is due; dead letters; dist/migrate.js runs its migrations"
ENV PORT=8083 OTEL_SERVICE_NAME=retry
COPY --from=retry-files /out/ /
WORKDIR /app/apps/retry
EXPOSE 8083
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["/app/bin/node", "/app/bin/health.mjs", "/health/live"]
CMD ["--import", "@onceline/service-kit/telemetry", "dist/main.js"]

FROM runtime AS setup
LABEL org.opencontainers.image.title="onceline-setup" \
      org.opencontainers.image.description="Creates topics and runs all migrations, once before a roll-out; tools/dist/audit.js proves the sums"
COPY --from=setup-files /out/app/ /app/
# A volume that is mounted here first belongs to who writes into it.
COPY --from=setup-files --chown=1000:1000 /out/credentials/ /credentials/
WORKDIR /app
HEALTHCHECK NONE
CMD ["tools/dist/provision.js"]
