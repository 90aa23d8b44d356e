package datastore

import (
	"fmt"

	"github.com/redx-update/redx/internal/write/ese"
)

func historyColumns() []ese.Column {
	return append([]ese.Column{
		long(1, "IdEvent"), long(2, "Status"), long(3, "ServerSelection"), long(4, "MappedResult"), long(5, "UnmappedResult"),
		bin(6, "UpdateId", 20), bin(7, "ServerId", 16),
		{ID: 8, Name: "Date", Type: ese.DateTime},
		long(9, "Flags"),
	}, texts(256, "ClientId", "Title", "Description", "UninstallNotes", "SupportUrl", "UninstallSteps", "Categories", "MoreInfoUrl")...)
}

func updateColumns() []ese.Column {
	cols := []ese.Column{
		long(1, "IdLocal"), bin(2, "UpdateId", 16), long(3, "RevisionNumber"), unknown(4), unknown(5), long(6, "LockState"),
		long(7, "FailCount"), unknown(8), unknown(9), unknown(10), unknown(11), long(12, "LastInterestingFailure"), unknown(13),
		unknown(14), long(15, "UpdateType"), bin(16, "DownloadDateExpire", 8), long(17, "DownloadStatus"),
		{ID: 18, Name: "DownloadSize", Type: ese.Currency},
		unknown(19), long(20, "HandlerId"),
	}
	for id := uint16(128); id < 131; id++ {
		cols = append(cols, ese.Column{ID: id, Name: fmt.Sprintf("Unknown%d", id), Type: ese.Binary})
	}
	return append(cols,
		ese.Column{ID: 131, Name: "MsrcSeverity", Type: ese.Text},
		blob(260, "UpdateHandlerData"), blob(261, "IdFileLocal"), blob(262, "SupersededBy"), blob(263, "PrerequisiteUpdates"),
		blob(264, "BundledUpdates"), texts(271, "SecurityBulletinIds")[0], texts(272, "KBArticleIds")[0], texts(279, "CveIds")[0],
	)
}

func fileColumns() []ese.Column {
	return append([]ese.Column{
		long(1, "IdFileLocal"),
		{ID: 2, Name: "Size", Type: ese.Currency},
		bin(3, "Modified", 8), long(4, "RefCount"), unknown(5),
		bin(6, "ExpireDate", 8), long(7, "DownloadStatus"), long(8, "PatchingType"),
		{ID: 128, Name: "Digest", Type: ese.Binary},
		{ID: 129, Name: "DigestAlgorithm", Type: ese.Text},
	}, texts(256, "Name", "LocalTargetPath", "Urls")...)
}

func jobColumns() []ese.Column {
	return []ese.Column{
		bin(1, "BITSJobId", 16), long(2, "LocalUpdateId"),
		{ID: 3, Name: "DownloadSize", Type: ese.Currency},
		bin(4, "IdServer", 16),
		{ID: 128, Name: "IdUser", Type: ese.Text},
	}
}

func long(id uint16, name string) ese.Column { return ese.Column{ID: id, Name: name, Type: ese.Long} }

func unknown(id uint16) ese.Column { return long(id, fmt.Sprintf("Unknown%d", id)) }

func bin(id uint16, name string, size int) ese.Column {
	return ese.Column{ID: id, Name: name, Type: ese.Binary, Size: size}
}

func blob(id uint16, name string) ese.Column {
	return ese.Column{ID: id, Name: name, Type: ese.LongBinary}
}

func texts(id uint16, names ...string) []ese.Column {
	var cols []ese.Column
	for i, name := range names {
		cols = append(cols, ese.Column{ID: id + uint16(i), Name: name, Type: ese.LongText})
	}
	return cols
}
