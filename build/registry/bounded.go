package registry

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
)

// bounded lets no more than maxBytes be read of all answers together. A token's count, too.
type bounded struct {
	http.RoundTripper
	read atomic.Int64
}

// RoundTrip implements [http.RoundTripper].
func (b *bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(req)
	if err == nil {
		resp.Body = boundedBody{resp.Body, b}
	}
	return resp, err
}

type boundedBody struct {
	io.ReadCloser
	of *bounded
}

func (b boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.of.read.Add(int64(n)) > maxBytes {
		return 0, fmt.Errorf("the registry answers with more than %d bytes", maxBytes)
	}
	return n, err
}
