package sqlite

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestQueryPlans: what the console asks never walks through all events or states, and no list of computers is sorted.
func TestQueryPlans(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "s.db"))
	for name, q := range map[string]struct {
		query string
		args  int
		want  string
	}{
		"totals":          {totalsQuery, 1, "USING COVERING INDEX computers_by_seen"},
		"computers":       {computersPage, 9, "SCAN c USING INDEX computers_by_name"},
		"computers count": {computersCount, 7, "SEARCH t USING PRIMARY KEY"},
		"standing":        {standingQuery, 2, "USING COVERING INDEX standings_by_standing"},
		"causes":          {causesQuery, 1, "SCAN causes USING COVERING INDEX causes_by_cause"},
		"failures by day": {failuresByDayQuery, 2, "USING COVERING INDEX events_failed"},
		"latest failures": {latestFailuresQuery, 1, "SCAN e USING INDEX events_failed"},
		"failed at":       {failedAtQuery, 2, "USING COVERING INDEX states_failed"},
		"failed codes":    {failedCodesQuery, 1, "USING COVERING INDEX states_failed"},
		"update events":   {updateEventsQuery, 2, "SEARCH events USING INDEX events_by_time"},
		"pending":         {pendingQuery, 2, "SEARCH states USING PRIMARY KEY (computer=?)"},
		"prune":           {pruneQuery, 3, "SEARCH events USING INDEX events_by_time"},
	} {
		plan := planOf(t, s, q.query, q.args)
		if !strings.Contains(plan, q.want) {
			t.Errorf("%s: not %q:\n%s", name, q.want, plan)
		}
		for line := range strings.Lines(plan) {
			if strings.HasPrefix(line, "SCAN events\n") || strings.HasPrefix(line, "SCAN states") || strings.HasPrefix(line, "SCAN s\n") ||
				name == "computers" && strings.Contains(line, "TEMP B-TREE") {
				t.Errorf("%s: %s in\n%s", name, line, plan)
			}
		}
	}
}

func planOf(t *testing.T, s *Store, query string, args int) string {
	t.Helper()
	rows, err := s.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, make([]any, args)...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(detail + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
