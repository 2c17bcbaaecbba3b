// Identities lists the keys of the SSH agent at $SSH_AUTH_SOCK, as ssh-add -l does: a
// program for a step of a test, which has no ssh-add.
package main

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/crypto/ssh/agent"
)

func main() {
	conn, err := net.Dial("unix", os.Getenv("SSH_AUTH_SOCK"))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	keys, err := agent.NewClient(conn).List()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, key := range keys {
		fmt.Println("identity", key.Format, key.Comment)
	}
}
