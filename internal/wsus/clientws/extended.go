package clientws

// GetExtendedUpdateInfo asks for the fragments that SyncUpdates does not give, and where files are (2.2.2.2.6).
type GetExtendedUpdateInfo struct {
	Cookie           *Cookie                 `soap:"cookie"`
	RevisionIDs      []int32                 `soap:"revisionIDs>int"`
	InfoTypes        []XMLUpdateFragmentType `soap:"infoTypes>XmlUpdateFragmentType"`
	Locales          []string                `soap:"locales>string"`
	GeoID            string                  `soap:"GeoId,omitempty"`
	CallerAttributes string                  `soap:"callerAttributes,omitempty"`
	DeviceAttributes string                  `soap:"deviceAttributes,omitempty"` // not in the WSDL
}

// Element implements soap.Body.
func (*GetExtendedUpdateInfo) Element() (space, name string) {
	return Namespace, "GetExtendedUpdateInfo"
}

// XMLUpdateFragmentType is a kind of fragment.
type XMLUpdateFragmentType string

// The kinds. Windows Server Update Services gives Core, Extended, LocalizedProperties and Eula; FileUrl and FileDecryption
// are of GetExtendedUpdateInfo2 only.
const (
	Published           XMLUpdateFragmentType = "Published"
	Core                XMLUpdateFragmentType = "Core"
	Extended            XMLUpdateFragmentType = "Extended"
	VerificationRule    XMLUpdateFragmentType = "VerificationRule"
	LocalizedProperties XMLUpdateFragmentType = "LocalizedProperties"
	EULA                XMLUpdateFragmentType = "Eula"
	FileURL             XMLUpdateFragmentType = "FileUrl"
	FileDecryption      XMLUpdateFragmentType = "FileDecryption"
)

// GetExtendedUpdateInfoResponse answers GetExtendedUpdateInfo.
type GetExtendedUpdateInfoResponse struct {
	Result *ExtendedUpdateInfo `soap:"GetExtendedUpdateInfoResult"`
}

// Element implements soap.Body.
func (*GetExtendedUpdateInfoResponse) Element() (space, name string) {
	return Namespace, "GetExtendedUpdateInfoResponse"
}

// ExtendedUpdateInfo has fragments and places of files.
type ExtendedUpdateInfo struct {
	Updates               []UpdateData   `soap:"Updates>Update"`
	FileLocations         []FileLocation `soap:"FileLocations>FileLocation"`
	OutOfScopeRevisionIDs []int32        `soap:"OutOfScopeRevisionIDs>int"`
}

// UpdateData is one fragment of a revision.
type UpdateData struct {
	ID  int32  `soap:"ID"` // the revision id
	XML string `soap:"Xml"`
}

// FileLocation says where a file is. All below URL is of GetExtendedUpdateInfo2 only.
type FileLocation struct {
	FileDigest                   []byte `soap:"FileDigest"` // SHA-1
	URL                          string `soap:"Url"`
	PiecesHashURL                string `soap:"PiecesHashUrl,omitempty"`
	BlockMapURL                  string `soap:"BlockMapUrl,omitempty"`
	DecryptionInformation        string `soap:"DecryptionInformation,omitempty"`
	FileDigestAlgorithm          string `soap:"FileDigestAlgorithm,omitempty"`
	EncryptedFileDigest          []byte `soap:"EncryptedFileDigest"`
	EncryptedFileDigestAlgorithm string `soap:"EncryptedFileDigestAlgorithm,omitempty"`
}

// GetExtendedUpdateInfo2 asks the same by global identity, and for the keys of encrypted files (2.2.2.2.10).
type GetExtendedUpdateInfo2 struct {
	Cookie           *Cookie                 `soap:"cookie"`
	UpdateIDs        []UpdateIdentity        `soap:"updateIDs>UpdateIdentity"`
	InfoTypes        []XMLUpdateFragmentType `soap:"infoTypes>XmlUpdateFragmentType"`
	Locales          []string                `soap:"locales>string"`
	CallerAttributes string                  `soap:"callerAttributes,omitempty"`
	DeviceAttributes string                  `soap:"deviceAttributes,omitempty"` // not in the WSDL
}

// Element implements soap.Body.
func (*GetExtendedUpdateInfo2) Element() (space, name string) {
	return Namespace, "GetExtendedUpdateInfo2"
}

// GetExtendedUpdateInfo2Response answers GetExtendedUpdateInfo2.
type GetExtendedUpdateInfo2Response struct {
	Result *ExtendedUpdateInfo2 `soap:"GetExtendedUpdateInfo2Result"`
}

// Element implements soap.Body.
func (*GetExtendedUpdateInfo2Response) Element() (space, name string) {
	return Namespace, "GetExtendedUpdateInfo2Response"
}

// ExtendedUpdateInfo2 has fragments, places of files and keys.
type ExtendedUpdateInfo2 struct {
	Updates                 []UpdateData             `soap:"Updates>Update"`
	FileLocations           []FileLocation           `soap:"FileLocations>FileLocation"`
	FileDecryptionData      []FileDecryptionData     `soap:"FileDecryptionData>FileDecryption"`
	FileDecryptionData2     []FileDecryptionData     `soap:"FileDecryptionData2>FileDecryption2"`
	UpdateEncryptionDetails []UpdateEncryptionDetail `soap:"UpdateEncryptionDetails>UpdateEncryptionDetail"`
}

// FileDecryptionData has the key of an encrypted file.
type FileDecryptionData struct {
	FileDigest    []byte   `soap:"FileDigest"` // SHA-1
	DecryptionKey []byte   `soap:"DecryptionKey"`
	SecurityData  [][]byte `soap:"SecurityData>base64Binary"` // the key once more
}

// UpdateEncryptionDetail says whether a revision has encrypted files.
type UpdateEncryptionDetail struct {
	UpdateIdentity    UpdateIdentity `soap:"UpdateIdentity"`
	HasEncryptedFiles bool           `soap:"HasEncryptedFiles"`
}

// GetFileLocations asks where files are (2.2.2.2.7).
type GetFileLocations struct {
	Cookie      *Cookie  `soap:"cookie"`
	FileDigests [][]byte `soap:"fileDigests>base64Binary"` // SHA-1
}

// Element implements soap.Body.
func (*GetFileLocations) Element() (space, name string) { return Namespace, "GetFileLocations" }

// GetFileLocationsResponse answers GetFileLocations.
type GetFileLocationsResponse struct {
	Result *GetFileLocationsResults `soap:"GetFileLocationsResult"`
}

// Element implements soap.Body.
func (*GetFileLocationsResponse) Element() (space, name string) {
	return Namespace, "GetFileLocationsResponse"
}

// GetFileLocationsResults has places of files. A file that the server does not have is left out.
type GetFileLocationsResults struct {
	FileLocations []FileLocation `soap:"FileLocations>FileLocation"`
	NewCookie     *Cookie        `soap:"NewCookie"`
}
