package config

import "testing"

func TestClosest(t *testing.T) {
	list := []string{"Directory", "Log", "Match", "NoNewPrivileges", "OnFailure"}
	for word, want := range map[string]string{
		"Direktory": "Directory", "directry": "Directory", "Dierctory": "Directory", "Directories": "Directory",
		"Lgo": "Log", "Logs": "Log", "Lo": "Log", "Long": "Log", "Lot": "Log", "L": "", "": "", "Luv": "",
		"NoNewPrivs": "NoNewPrivileges", "onfail": "OnFailure", "Mtach": "Match", "MATCH": "Match", "Nonsense": "",
	} {
		if got := Closest(word, list); got != want {
			t.Errorf("Closest(%q) = %q; want %q", word, got, want)
		}
	}
}
