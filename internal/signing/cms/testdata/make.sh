#!/usr/bin/env bash
# Makes the messages of this folder with the openssl program, in an empty folder.
# The keys stay there.
set -e
mk() { # name, key options…
  n=$1; shift
  openssl req -x509 -newkey "$@" -nodes -keyout $n.key -out $n.pem -days 14000 -subj "/CN=$n" \
    -addext keyUsage=critical,digitalSignature,nonRepudiation -addext basicConstraints=critical,CA:FALSE 2>/dev/null
}
mk rsa rsa:2048; mk rsa1024 rsa:1024; mk p256 ec -pkeyopt ec_paramgen_curve:P-256; mk p521 ec -pkeyopt ec_paramgen_curve:P-521
printf 'The content of these messages.\n' > content.txt
s() { out=$1; key=$2; shift 2; openssl cms -sign -binary -in content.txt -signer $key.pem -inkey $key.key -outform DER -out $out.der "$@"; }
s rsa-cades rsa -cades -md sha256
s rsa-stream rsa -cades -md sha256 -stream
s rsa-opaque-stream rsa -cades -md sha256 -nodetach -stream
s rsa-pss rsa -cades -md sha384 -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:digest
s rsa-pss-other-mask rsa -cades -md sha256 -keyopt rsa_padding_mode:pss -keyopt rsa_mgf1_md:sha1
s rsa-keyid rsa -cades -md sha512 -keyid
s rsa-plain rsa -md sha256
s rsa-sha1 rsa -cades -md sha1
s rsa-md5 rsa -md md5
s rsa1024 rsa1024 -cades -md sha256
s rsa-sha3 rsa -md sha3-256
s p256-sha512 p256 -cades -md sha512
s p256-sha1 p256 -md sha1
s p521-stream p521 -cades -md sha512 -stream
s no-attributes rsa -noattr -md sha256
openssl cms -sign -binary -in content.txt -signer rsa.pem -inkey rsa.key -signer p256.pem -inkey p256.key -md sha256 -outform DER -out two-signers.der
s no-certificate rsa -nocerts -cades -md sha256
openssl req -x509 -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.pem -days 14000 -subj /CN=tsa \
  -addext extendedKeyUsage=critical,timeStamping -addext keyUsage=critical,digitalSignature -addext basicConstraints=critical,CA:FALSE 2>/dev/null
cat > ts.cnf <<END
[tsa]
serial=serial
signer_cert=tsa.pem
signer_key=tsa.key
default_policy=1.2.3.4
digests=sha1,sha256
accuracy=secs:1
tsa_name=yes
ess_cert_id_chain=no
END
for d in sha1 sha256; do
  openssl ts -query -data content.txt -$d -cert -out q.tsq 2>/dev/null
  openssl ts -reply -config ts.cnf -section tsa -queryfile q.tsq -$d 2>/dev/null >/dev/null -out reply-$d.der || (echo "signer_digest=$d
ess_cert_id_alg=$d" >> ts.cnf; openssl ts -reply -config ts.cnf -section tsa -queryfile q.tsq -out reply-$d.der)
done
