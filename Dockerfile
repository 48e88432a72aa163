# The image: Node's official slim one, and beside it the bundle, a list of what the bundle is made of (SBOM), the
# licences and the runbook: no npm package, no compiler, nothing native, so it is the same for amd64 and arm64.
# A mirror, another Debian or a digest goes in by a build argument: docker build --build-arg BASE_IMAGE=… .
ARG BASE_IMAGE=node:24.21.0-bookworm-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /apple-secret-rotator
COPY package.json package-lock.json ./
RUN npm ci
COPY .ci/build.ts .ci/sbom.ts .ci/licences.ts .ci/
COPY LICENSE ./
COPY docs/runbook.md docs/
COPY docs/zh-CN/runbook.md docs/zh-CN/
COPY src src
RUN npm run build \
 && npm run --silent sbom > dist/sbom.cdx.json \
 && npm run --silent licences > dist/licences.txt
COPY docs/runbook.md dist/
COPY config/sandbox.yaml dist-config/
# Everybody may read and nobody may write, whatever the umask of the checkout was.
RUN chmod -R u=rwX,go=rX dist dist-config

FROM ${BASE_IMAGE}
# A number, so that Kubernetes can tell that it is not root. The journal's folder belongs to it; named volumes that are
# mounted there take the owner over.
RUN groupadd --gid 10001 rotator \
 && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir / --shell /usr/sbin/nologin rotator \
 && install --directory --mode 0700 --owner 10001 --group 10001 /data
COPY --from=build /apple-secret-rotator/dist /app
COPY --from=build /apple-secret-rotator/dist-config /config
# The program by its name, for whoever works inside the container; ROTATOR_COMMAND is how its hints name it.
RUN ln -s /app/main.js /usr/local/bin/apple-secret-rotator
ENV ROTATOR_COMMAND=apple-secret-rotator
# Otherwise the C library keeps a heap for each of the process's threads: 20 MB that are mostly free with ten thousand targets.
ENV MALLOC_ARENA_MAX=1
# Otherwise what V8 compiles with stays in that heap as free pieces: 7 MB with ten thousand targets.
ENV MALLOC_MMAP_THRESHOLD_=16384
# Seen from here the program's own defaults, config/rotator.yaml and ./data/journal.db, are the mounts /config and
# /data. Its user cannot write here, so no core dump can be left behind either.
WORKDIR /
VOLUME /data
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["apple-secret-rotator", "health"]
# No shell: the program itself is process 1 and gets the signals. SIGUSR1 would open Node's inspector; it is ignored.
# V8's young generation begins with 4 MB, not 1: ten passes that go together fit in, and cost a tenth less.
ENTRYPOINT ["node", "--disable-sigusr1", "--min-semi-space-size=4", "/app/main.js"]
CMD ["run"]
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="apple-secret-rotator" \
      org.opencontainers.image.description="Keeps the Sign in with Apple client secret of Tencent CloudBase environments fresh, unattended" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
