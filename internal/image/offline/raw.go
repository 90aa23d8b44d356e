package offline

import (
	"errors"

	"github.com/redx-update/redx/internal/image"
)

func openRaw(path string) (image.Image, error) {
	return nil, errors.New("raw images cannot be read yet")
}
