package offline_test

import (
	"io"
	"testing"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/image/offline"
)

func open(t *testing.T, path string) image.Image {
	t.Helper()
	img, err := offline.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { img.Close() })
	return img
}

func TestConformanceFolder(t *testing.T) {
	imagetest.Run(t, func(t *testing.T) image.Image { return open(t, imagetest.Tree(t, imagetest.Files())) })
}

func read(fsys image.FS, path string) (string, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	return string(b), err
}
