# The image of buildls: the program, and what its engine needs to build without root.
# Nothing of the target platform runs here, so no emulation is needed.

FROM --platform=$BUILDPLATFORM debian:trixie-slim AS tree
ARG TARGETARCH
WORKDIR /packages
RUN <<EOT
set -eu
dpkg --add-architecture "$TARGETARCH"
mkdir -p archives/partial /tree
touch status
apt="apt-get -q -o APT::Architecture=$TARGETARCH -o APT::Architectures=$TARGETARCH
  -o APT::Sandbox::User=root -o Dir::State::status=$PWD/status -o Dir::Cache::archives=$PWD/archives"
apt-get -q update
apt-get -q install -y --no-install-recommends libcap2-bin
$apt update
$apt install -y --no-install-recommends --download-only \
  base-files dash busybox-static runc uidmap git openssh-client ca-certificates
for package in archives/*.deb; do dpkg -x "$package" /tree; done
EOT
# What the packages' own scripts would make.
WORKDIR /tree
RUN <<EOT
set -eu
cat usr/share/ca-certificates/mozilla/*.crt >etc/ssl/certs/ca-certificates.crt
ln -sf dash usr/bin/sh
for tool in cat cp env ls mkdir mount mv rm sleep tar umount; do
  [ -e "usr/bin/$tool" ] || ln -s busybox "usr/bin/$tool"
done
printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'buildls:x:1000:1000::/home/buildls:/bin/sh' >etc/passwd
printf '%s\n' 'root:x:0:' 'buildls:x:1000:' >etc/group
echo 'buildls:100000:65536' | tee etc/subuid >etc/subgid
# Without the capability SYS_ADMIN, in a container, these may not be root's (setuid).
chmod u-s usr/bin/newuidmap usr/bin/newgidmap
setcap cap_setuid=ep usr/bin/newuidmap
setcap cap_setgid=ep usr/bin/newgidmap
install -d -m 1777 tmp
install -d -o 1000 -g 1000 home/buildls home/buildls/.local home/buildls/.local/share
install -d -o 1000 -g 1000 -m 700 run/user/1000
rm -rf usr/share/doc usr/share/man usr/share/locale usr/share/perl* usr/lib/*/perl*
EOT
RUN --mount=from=release,target=/release <<EOT
gunzip -c "/release/buildls-linux-$TARGETARCH.gz" >/program
chmod 755 /program
EOT

FROM scratch
COPY --from=tree /tree /
COPY --from=tree /program /usr/bin/buildls
COPY --from=release NOTICES /usr/share/doc/buildls/
ENV HOME=/home/buildls XDG_RUNTIME_DIR=/run/user/1000
USER 1000:1000
WORKDIR /home/buildls
ENTRYPOINT ["buildls"]
