# The image of Tokenstage: one static binary, nothing else.
#
#   docker build -t tokenstage .                        from source, the default
#   docker build -t tokenstage --target prebuilt DIR    DIR holds this file, LICENSE and a static linux binary tokenstage,
#                                                       such as the checkout after CGO_ENABLED=0 go build -o tokenstage .

ARG GO_VERSION=1.26.8

# What both images have in common. It stands first, so that a builder which makes every stage on its way to the target
# needs no Go image for the target prebuilt.
FROM scratch AS base
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Tokenstage" \
      org.opencontainers.image.description="Emulator of cloud APIs that issue access tokens, for development and tests" \
      org.opencontainers.image.source="https://github.com/tokenstage/tokenstage" \
      org.opencontainers.image.documentation="https://github.com/tokenstage/tokenstage/blob/main/docs/testing.md" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV TOKENSTAGE_ADDR=0.0.0.0:4010 TOKENSTAGE_CONTROL_ADDR=0.0.0.0:4011 TOKENSTAGE_MQTT_ADDR=0.0.0.0:4012
EXPOSE 4010 4011 4012
# No user of that number exists in the image or needs to: nothing is written and no port is privileged.
USER 65532:65532
HEALTHCHECK --interval=5s --timeout=3s --start-period=2s --retries=3 CMD ["/tokenstage", "healthcheck"]
ENTRYPOINT ["/tokenstage"]
CMD ["serve"]

FROM base AS prebuilt
# The brackets make the name a pattern, which may match nothing: builders that make every stage pass here on their way
# to the default target too.
COPY LICENSE tokenstag[e] /

# TARGETOS and TARGETARCH come from the builder; where it sets none, Go builds for the machine it runs on.
FROM golang:${GO_VERSION} AS build
ARG TARGETOS
ARG TARGETARCH
WORKDIR /src
COPY go.mod go.sum main.go ./
COPY emulator ./emulator
COPY openapi ./openapi
COPY fixtures ./fixtures
COPY scenarios ./scenarios
COPY testkit/client ./testkit/client
RUN CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} \
    go build -trimpath -buildvcs=false -ldflags="-s -w" -o /out/tokenstage .

FROM base AS source
COPY LICENSE /
COPY --from=build /out/tokenstage /tokenstage
