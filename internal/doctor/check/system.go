package check

import "github.com/redx-update/redx/internal/doctor"

// system gives the checks of what stands around updates: databases, services, space, rights, the network, profiles.
func system() []doctor.Check {
	return []doctor.Check{
		DatastoreDamaged(),
		CatalogDatabaseDamaged(),
		BitsQueueDamaged(),
		ServiceMissingOrDisabled(),
		NetworkOrProxy(),
		ClockOrTLSWrong(),
		DeliveryOptimizationFailed(),
		UpdatesPausedOrBlocked(),
		AccessDenied(),
		DiskFull(),
		SystemPartitionFull(),
		RestartPending(),
		TempPathMissing(),
		ProfilePathMissing(),
		ProfileFolderMoved(),
		TwoSystemPartitions(),
		SafeOSDriver(),
		SystemProfileHiveMissing(),
	}
}
