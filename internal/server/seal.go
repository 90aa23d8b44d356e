package server

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
)

const (
	saltSize  = 16
	nonceSize = 12
	// maxSealed bounds what is worth opening: a computer in hundreds of groups stays below it.
	maxSealed = 16 << 10
)

// errSealed says that something was not sealed by this server, or for another purpose.
var errSealed = errors.New("not sealed by this server")

// seal encrypts v, as JSON, so that only who has the key can read or make it. The purpose keeps one kind of sealed value from
// being taken for another. Each value has a key of its own, derived from the server's with a random salt, so that random
// nonces never meet however many cookies are given.
func seal(key []byte, purpose string, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", purpose, err)
	}
	head := make([]byte, saltSize+nonceSize, saltSize+nonceSize+len(plain)+aes.BlockSize)
	// Since Go 1.24, Read gives all of the bytes or ends the program.
	rand.Read(head)
	aead, err := aeadFor(key, head[:saltSize])
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", purpose, err)
	}
	return aead.Seal(head, head[saltSize:], plain, []byte(purpose)), nil
}

// unseal reads into v what one of the keys sealed for the purpose. The error is errSealed when none did.
func unseal(keys [][]byte, purpose string, sealed []byte, v any) error {
	if len(sealed) < saltSize+nonceSize || len(sealed) > maxSealed {
		return errSealed
	}
	for _, key := range keys {
		aead, err := aeadFor(key, sealed[:saltSize])
		if err != nil {
			return err
		}
		plain, err := aead.Open(nil, sealed[saltSize:saltSize+nonceSize], sealed[saltSize+nonceSize:], []byte(purpose))
		if err != nil {
			continue
		}
		if err := json.Unmarshal(plain, v); err != nil {
			return errSealed
		}
		return nil
	}
	return errSealed
}

func aeadFor(key, salt []byte) (cipher.AEAD, error) {
	mac := hmac.New(sha256.New, key)
	mac.Write(salt)
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
