package docker

import (
	"context"
	"slices"

	"github.com/docker/docker/api/types/image"
)

// Images are the names with tags of the images that a Docker engine has, those first that are new.
func Images(ctx context.Context, e Endpoint) (names []string, err error) {
	c, err := e.client(nil)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	list, err := c.ImageList(ctx, image.ListOptions{})
	slices.SortStableFunc(list, func(a, b image.Summary) int { return int(b.Created - a.Created) })
	for _, i := range list {
		for _, name := range i.RepoTags {
			if name != "<none>:<none>" {
				names = append(names, name)
			}
		}
	}
	return names, err
}
