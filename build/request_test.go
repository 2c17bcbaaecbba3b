package build

import (
	"fmt"
	"testing"

	"github.com/containerd/platforms"
)

func TestCheckPlatforms(t *testing.T) {
	here := platforms.Format(platforms.Normalize(localPlatform()))
	for _, c := range []struct {
		given []string
		want  string
	}{
		{[]string{"arm64"}, "[linux/arm64]"},
		{[]string{"linux/arm64", "arm64,linux/s390x"}, "[linux/arm64 linux/s390x]"},
		{[]string{"local", "LOCAL", here}, "[" + here + "]"},
	} {
		if got, err := CheckPlatforms(c.given...); err != nil || fmt.Sprint(got) != c.want {
			t.Errorf("%v: %v, %v; want %s", c.given, got, err, c.want)
		}
	}
	if got, err := CheckPlatforms("arm64", "a/b/c/d/e"); err == nil {
		t.Errorf("no platform is %v", got)
	}
}
