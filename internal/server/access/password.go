package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// What argon2id costs: the second choice of RFC 9106, section 4, for where memory is not plentiful.
const (
	passes   = 3
	memoryKB = 64 << 10
	lanes    = 4
	saltLen  = 16
	keyLen   = 32
)

// The bounds of a password, in bytes but for the lower one, which is in characters.
const (
	MinPassword = 12
	maxPassword = 256
)

// CheckPassword says what is wrong with a new password.
func CheckPassword(password string) error {
	switch {
	case utf8.RuneCountInString(password) < MinPassword:
		return fmt.Errorf("a password has at least %d characters", MinPassword)
	case len(password) > maxPassword:
		return fmt.Errorf("a password has at most %d bytes", maxPassword)
	}
	return nil
}

// maxUser bounds the names of users, in bytes.
const maxUser = 64

// CheckName says what is wrong with the name of a new user.
func CheckName(name string) error {
	if name == "" || len(name) > maxUser || strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c == 0x7f || c == utf8.RuneError }) {
		return fmt.Errorf("a user's name has 1 to %d bytes and no blanks", maxUser)
	}
	return nil
}

// Hash gives what is kept of a password, in the form that argon2's own command prints.
func Hash(password string) (string, error) {
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	salt := make([]byte, saltLen)
	rand.Read(salt) // gives all of the bytes or ends the program
	return encode(salt, derive(password, salt)), nil
}

func derive(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(password), salt, passes, memoryKB, lanes, keyLen)
}

func encode(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memoryKB, passes, lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

var errForm = errors.New("the kept password is in no form that this redx knows")

// verify compares in constant time. A form with other costs than today's is an error, not a wrong password.
func verify(kept, password string) (bool, error) {
	parts := strings.Split(kept, "$")
	if len(parts) != 6 {
		return false, errForm
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil || len(salt) != saltLen {
		return false, errForm
	}
	key, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || encode(salt, key) != kept {
		return false, errForm
	}
	if len(password) > maxPassword {
		return false, nil
	}
	return subtle.ConstantTimeCompare(derive(password, salt), key) == 1, nil
}

// hashing lets one password be worked on at a time: each takes 64 MB.
type hashing chan struct{}

func (h hashing) verify(ctx context.Context, kept, password string) (bool, error) {
	select {
	case h <- struct{}{}:
		defer func() { <-h }()
		return verify(kept, password)
	case <-ctx.Done():
		return false, ctx.Err()
	}
}
