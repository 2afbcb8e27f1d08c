#!/usr/bin/env bash
# Carries out docker/Dockerfile's own steps in a bare Debian 12 made with debootstrap, and runs the
# demo there: a proof of the Dockerfile where no container engine can run, and of the README's words
# about a fresh machine. Needs root, debootstrap and about 6 GB.
#
#   docker/check.sh [FOLDER]     FOLDER is made, and removed at the end unless KEEP=1
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
root=$(realpath -m "${1:-$(mktemp -d)/debian}")
if [ -e "$root" ]; then
  echo "$root is there already; name a folder that can be made, and removed at the end"
  exit 2
fi
shell=() # what ENV and WORKDIR have set so far, as shell commands
user=root # what USER has set so far
mounts=()

finish() {
  for place in "${mounts[@]}"; do umount -l "$place"; done
  # Never through a mount that is still there: it may be the machine's own /dev.
  if [ -z "${KEEP:-}" ] && ! grep -q " $root/" /proc/mounts; then rm -rf "$root"; fi
}
trap finish EXIT

bind() {
  mkdir -p "$root$1"
  mount --bind "$1" "$root$1"
  mounts=("$root$1" "${mounts[@]}")
}

inside() { # runs words in the Debian, with the environment of the steps so far
  local step
  step=$(printf '%s\n' "${shell[@]}" "$*")
  env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "${passed[@]}" \
    chroot --userspec="$user" "$root" /bin/sh -ec "$step" </dev/null
}

timed() {
  local started=$SECONDS
  "$@"
  echo "--- $((SECONDS - started)) s"
}

echo "=== FROM debian:12, by debootstrap"
mkdir -p "$root"
timed debootstrap --variant=minbase bookworm "$root" > "$root.log"
tail -n 1 "$root.log"
for place in /proc /dev; do bind "$place"; done

# How this machine reaches its package indexes (certificates, local wheels) holds inside as well.
passed=(DEBIAN_FRONTEND=noninteractive)
while IFS= read -r setting; do passed+=("$setting"); done < <(env | grep '^PIP_')
cp /etc/resolv.conf "$root/etc/resolv.conf"
if [ -f /etc/ssl/certs/ca-certificates.crt ]; then
  # Under a name of its own: the Debian's own certificates may be installed by a step.
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/machine-certificates.crt"
  passed+=(PIP_CERT=/etc/machine-certificates.crt SSL_CERT_FILE=/etc/machine-certificates.crt)
fi
for links in ${PIP_FIND_LINKS:-}; do
  if [ -d "$links" ]; then bind "$links"; fi
done

# One instruction a line: continued lines are joined, comments left out.
while read -r instruction rest; do
  case $instruction in
    ARG) if [[ $rest == BASE=* ]]; then base=${rest#BASE=}; fi ;;
    FROM) [[ ${rest/\$\{BASE\}/$base} == debian:12* ]] || { echo "cannot make $rest"; exit 1; } ;;
    USER) echo "=== USER $rest"; user=$rest ;;
    VOLUME | ENTRYPOINT | CMD) ;;
    ENV) echo "=== ENV $rest"; shell+=("export ${rest%%=*}=\"${rest#*=}\"") ;;
    WORKDIR) echo "=== WORKDIR $rest"; mkdir -p "$root$rest"; shell+=("cd $rest") ;;
    COPY)
      echo "=== COPY $rest"
      mkdir -p "$root${rest##* }"
      git -C "$here" archive HEAD "${rest%% *}" | tar -x -C "$root${rest##* }"
      ;;
    RUN) echo "=== RUN $rest"; timed inside "$rest" ;;
    *) echo "docker/check.sh does not know the instruction $instruction"; exit 1 ;;
  esac
done < <(sed -e '/^ *#/d' -e '/^ *$/d' "$here/docker/Dockerfile" | sed -e ':a' -e '/\\$/N; s/\\\n *//; ta')

echo "=== signpipe demo"
timed inside "signpipe --version && signpipe demo /workspace/demo"
timed inside "signpipe demo /workspace/demo"
