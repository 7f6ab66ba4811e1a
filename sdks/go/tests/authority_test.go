package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"commy.dev/commy"
)

// authority signs certificates, by the command openssl.
type authority struct{ directory string }

func newAuthority(t *testing.T) authority {
	t.Helper()
	a := authority{t.TempDir()}
	a.openssl(t, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
		"-days", "2", "-subj", "/CN=authority", "-keyout", "ca-key.pem", "-out", "ca.pem",
		"-addext", "keyUsage=critical,keyCertSign")
	return a
}

// signs gives the certificates of a node.
func (a authority) signs(t *testing.T, node string) commy.TLS {
	t.Helper()
	extensions := "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n" +
		"keyUsage=digitalSignature\nbasicConstraints=CA:FALSE\n"
	no(t, os.WriteFile(a.path("extensions"), []byte(extensions), 0o600))
	a.openssl(t, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
		"-subj", "/CN="+node, "-keyout", node+"-key.pem", "-out", node+".csr")
	a.openssl(t, "x509", "-req", "-in", node+".csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial",
		"-days", "2", "-extfile", "extensions", "-out", node+".pem")
	return commy.TLS{CA: a.path("ca.pem"), Certificate: a.path(node + ".pem"), Key: a.path(node + "-key.pem")}
}

func (a authority) path(file string) string {
	return filepath.Join(a.directory, file)
}

func (a authority) openssl(t *testing.T, arguments ...string) {
	t.Helper()
	command := exec.CommandContext(limited(t), "openssl", arguments...)
	command.Dir = a.directory
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("openssl: %v: %s", err, output)
	}
}
