package main

// caches are where gssd.sh has tickets: default_ccache_name in krb5.conf(5), and pam_krb5(5),
// which goes by its own option; and whether rpc.gssd(8) sees those that are made in a
// session with a /tmp of its own.
var caches = []struct {
	name string
	seen bool
}{
	{"KEYRING:persistent:%{uid}", true},
	{"KCM:", true},
	{"FILE:/run/user/%{uid}/krb5cc", true},
	{"FILE:/tmp/krb5cc_%{uid}", false},
	{"pam_krb5", false},
	{"pam_krb5, KEYRING:persistent:%u", true},
}

// tickets is what gssd.sh must find.
func tickets() map[string]string {
	const reached, denied = "reached", "denied"
	want := map[string]string{}
	for _, cache := range caches {
		for user, directory := range map[string]string{
			"plain": "none, /tmp is shared",
			"env":   "/tmp/.private/1001, /tmp is shared",
			"mount": "/tmp, /tmp is /dev/vda[/var/lib/tmpshell/1002/tmp]",
			"tmpfs": "/tmp, /tmp is tmpshell:1003",
		} {
			inside := denied
			if cache.seen || user == "plain" || user == "env" {
				inside = reached
			}
			for what, result := range map[string]string{
				"no ticket":      denied,
				"directory":      directory,
				"from outside":   reached,
				"kinit -R":       "works",
				"renewed inside": inside,
				"expired":        denied,
				"kinit":          "works",
				"made inside":    inside,
				"kdestroy":       "works",
				"destroyed":      denied,
			} {
				want[cache.name+", "+user+", "+what] = result
			}
		}
	}
	return want
}
