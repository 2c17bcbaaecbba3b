package lsptest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
)

// AtOnce calls f for each of n, sixteen at a time.
func AtOnce(n int, f func(i int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range 16 {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

// Answered fails a test if a request has no answer, or one that speaks of a defect.
func Answered(t testing.TB, what string, err error) {
	t.Helper()
	if errors.Is(err, context.DeadlineExceeded) || err != nil && (Code(err) == 0 || strings.Contains(err.Error(), "defect")) {
		t.Errorf("%.300s: %v", what, err)
	}
}
