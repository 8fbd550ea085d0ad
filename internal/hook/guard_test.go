package hook

import (
	"net/netip"
	"testing"
)

func TestPublic(t *testing.T) {
	allowed := []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")}
	for address, want := range map[string]bool{
		"93.184.216.34": true, "2606:2800:220:1::1": true, "10.20.1.1": true, "::ffff:10.20.1.1": true, "::ffff:93.184.216.34": true,
		"10.21.1.1": false, "127.0.0.1": false, "::1": false, "0.0.0.0": false, "::": false, "169.254.169.254": false, "192.168.1.1": false,
		"172.16.0.1": false, "100.64.0.1": false, "198.18.0.1": false, "224.0.0.1": false, "255.255.255.255": false, "240.0.0.1": false,
		"fe80::1": false, "fe80::1%eth0": false, "fc00::1": false, "fd12::1": false, "ff02::1": false, "::ffff:127.0.0.1": false,
		"::ffff:169.254.169.254": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false, "2001::1": false, "::127.0.0.1": false, "192.0.0.8": false,
	} {
		if got := public(netip.MustParseAddr(address), allowed) == nil; got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
}
