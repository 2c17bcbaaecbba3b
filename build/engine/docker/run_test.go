package docker

import "testing"

func TestLocal(t *testing.T) {
	for host, want := range map[string]bool{
		"unix:///var/run/docker.sock": true, "npipe:////./pipe/docker_engine": true, "tcp://127.0.0.1:2375": true,
		"tcp://localhost:2375": true, "tcp://[::1]:2375": true,
		"tcp://10.1.2.3:2376": false, "ssh://me@box": false, "ssh://127.0.0.1": false, "tcp://docker:2375": false, "": false,
	} {
		if got := (Endpoint{Host: host}).Local(); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}
