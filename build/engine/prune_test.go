package engine

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
)

// What would go: nothing that is used, that something stands on which stays, or that is BuildKit's.
func TestPruneOf(t *testing.T) {
	now := time.Now()
	used := func(days int) *time.Time {
		at := now.Add(-time.Duration(days) * 24 * time.Hour)
		return &at
	}
	cache := []*client.UsageInfo{
		{ID: "base", Size: 100, LastUsedAt: used(9), RecordType: client.UsageRecordTypeRegular},
		{ID: "step", Size: 10, LastUsedAt: used(5), Parents: []string{"base"}, RecordType: client.UsageRecordTypeRegular},
		{ID: "top", Size: 1, LastUsedAt: used(1), Parents: []string{"step"}, UsageCount: 5, RecordType: client.UsageRecordTypeRegular},
		{ID: "other", Size: 20, LastUsedAt: used(7), RecordType: client.UsageRecordTypeCacheMount},
		{ID: "running", Size: 50, InUse: true, LastUsedAt: used(8), RecordType: client.UsageRecordTypeRegular},
		{ID: "frontend", Size: 30, LastUsedAt: used(8), RecordType: client.UsageRecordTypeFrontend},
		{ID: "never", Size: 2, RecordType: client.UsageRecordTypeLocalSource},
	}
	for _, c := range []struct {
		prune Prune
		want  string
	}{
		{Prune{}, "base never other step top"},
		{Prune{All: true}, "base frontend never other step top"},
		{Prune{Older: 6 * 24 * time.Hour}, "never other"},
		{Prune{Older: 12 * time.Hour}, "base never other step top"},
		{Prune{Keep: 1000}, ""},
		{Prune{Keep: 213}, "never"},
		{Prune{Keep: 200}, "never other"},
		{Prune{Keep: 190, Older: 6 * 24 * time.Hour}, "never other"},
		{Prune{Keep: 1}, "base never other step top"},
	} {
		var ids []string
		for _, r := range c.prune.Of(cache, now) {
			ids = append(ids, r.ID)
		}
		slices.Sort(ids)
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("%+v: %q, want %q", c.prune, got, c.want)
		}
	}
}
