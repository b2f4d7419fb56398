#!/bin/sh
# deploy/certificates.sh FOLDER NAME...: an authority of your own for the nodes of a cluster, and one certificate with these names (or addresses) for all of them:
# nodes.pem, nodes.key and ca.pem in FOLDER are CLUSTER_TLS_CERT_FILE, CLUSTER_TLS_KEY_FILE and CLUSTER_TLS_CA_FILE. ca.key signs; keep it elsewhere.
# An authority that is in FOLDER already is used again.
set -eu
[ $# -ge 2 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
folder=$1
shift
mkdir -p "$folder"
cd "$folder"
umask 077
key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
[ -e ca.pem ] || openssl req -x509 $key -days 3650 -subj "/CN=coreldove nodes" -keyout ca.key -out ca.pem 2>/dev/null
names=
for name in "$@"; do
  case $name in
    *[!0-9.]*) kind=DNS ;;
    *) kind=IP ;;
  esac
  names="${names:+$names,}$kind:$name"
done
openssl req $key -subj "/CN=coreldove node" -keyout nodes.key -out nodes.csr 2>/dev/null
printf 'subjectAltName=%s\n' "$names" > nodes.ext
openssl x509 -req -in nodes.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 -extfile nodes.ext -out nodes.pem 2>/dev/null
rm -f nodes.csr nodes.ext
chmod 644 ca.pem nodes.pem
echo "nodes.pem, nodes.key and ca.pem are in $folder"
