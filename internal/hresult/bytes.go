package hresult

// isHex tells the hexadecimal digits; a table, since the finder asks it once for every eighth byte of a log.
var isHex = [256]bool{
	'0': true, '1': true, '2': true, '3': true, '4': true, '5': true, '6': true, '7': true, '8': true, '9': true,
	'a': true, 'b': true, 'c': true, 'd': true, 'e': true, 'f': true,
	'A': true, 'B': true, 'C': true, 'D': true, 'E': true, 'F': true,
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

func isWord(b byte) bool {
	return isDigit(b) || b == '_' || b|0x20 >= 'a' && b|0x20 <= 'z' || b >= 0x80
}

func allDigits[T string | []byte](s T) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return len(s) > 0
}

// hexValue reads up to eight hexadecimal digits, which the caller has checked.
func hexValue[T string | []byte](s T) (v uint32) {
	for i := range len(s) {
		b := s[i]
		if isDigit(b) {
			b -= '0'
		} else {
			b = b | 0x20 - 'a' + 10
		}
		v = v<<4 | uint32(b)
	}
	return v
}

// decimalValue reads up to ten decimal digits, which the caller has checked.
func decimalValue[T string | []byte](s T) (v uint64) {
	for i := range len(s) {
		v = v*10 + uint64(s[i]-'0')
	}
	return v
}
