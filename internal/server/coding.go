package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// errCoding says that a body is packed in a way that is not known.
var errCoding = errors.New("a content coding that is not known")

// unpack gives a body as it was before it was packed. Windows' agent packs no requests; what stands between it and the server
// may. Packed ones, of which a small one can become a large one, are held at the places of large ones, until what is returned
// is called; one that came large has such a place already, and waits for no second one.
func (s *Server) unpack(ctx context.Context, coding string, body []byte, limit int64) ([]byte, func(), error) {
	switch strings.ToLower(strings.TrimSpace(coding)) {
	case "", "identity":
		return body, func() {}, nil
	case "gzip", "x-gzip":
	default:
		return nil, func() {}, fmt.Errorf("%q: %w", coding, errCoding)
	}
	give := func() {}
	if len(body) <= smallBody {
		var err error
		if give, err = s.take(ctx, s.large); err != nil {
			return nil, func() {}, err
		}
	}
	plain, err := gunzip(body, limit)
	return plain, give, err
}

// gunzip unpacks up to limit bytes. More is a *http.MaxBytesError.
func gunzip(body []byte, limit int64) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(http.MaxBytesReader(nil, z, limit))
	return slices.Clip(plain), err
}
