package document

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// StatisticsQuery chooses what is counted: acts archived from a day to a day,
// of one office or of all that the actor may ask about.
type StatisticsQuery struct {
	From, To Date
	Office   string // empty: all
}

// Statistics are figures about archived acts.
type Statistics struct {
	Acts    int
	Kinds   []NamedCount // by id of the template, the most first
	Offices []NamedCount
	Days    []DayFigures // each day of the range
	Median  time.Duration
	P95     time.Duration
}

// NamedCount is how many acts there are of something.
type NamedCount struct {
	Name string
	N    int
}

// DayFigures are those of a day; the durations are from number to archive, to
// about a tenth, and zero without an act.
type DayFigures struct {
	Day         Date
	N           int
	Median, P95 time.Duration
}

// MaxStatisticsDays is the longest range that is counted.
const MaxStatisticsDays = 366

// Statistics counts the acts archived in a range of days.
func (s *Service) Statistics(ctx context.Context, actor Actor, q StatisticsQuery) (Statistics, error) {
	if err := checkRange(q.From, q.To); err != nil {
		return Statistics{}, err
	}
	offices, everywhere := actor.officesFor(ActStatistics)
	switch {
	case q.Office != "":
		if err := actor.May(ActStatistics, q.Office); err != nil {
			return Statistics{}, err
		}
		offices = []string{q.Office}
	case everywhere:
		offices = []string{""}
	case len(offices) == 0:
		return Statistics{}, actor.mayAnywhere(ActStatistics)
	}
	var counts []DayCount
	var times []DayTime
	err := s.Store.View(ctx, func(tx Tx) error {
		counts, times = nil, nil
		for _, office := range offices {
			c, err := tx.DayCounts(ctx, q.From, q.To, office)
			if err != nil {
				return err
			}
			t, err := tx.DayTimes(ctx, q.From, q.To, office)
			if err != nil {
				return err
			}
			counts, times = append(counts, c...), append(times, t...)
		}
		return nil
	})
	if err != nil {
		return Statistics{}, fmt.Errorf("statistics: %w", err)
	}
	return figures(q, counts, times), nil
}

func checkRange(from, to Date) error {
	for _, d := range []Date{from, to} {
		if _, err := ParseDate(string(d)); err != nil {
			return newError(Invalid, "error.range.date", err, "date", clip(string(d)))
		}
	}
	days := int(to.Time().Sub(from.Time()).Hours()/24) + 1
	if days < 1 || days > MaxStatisticsDays {
		return newError(Invalid, "error.range.long", nil, "max", fmt.Sprint(MaxStatisticsDays))
	}
	return nil
}

func figures(q StatisticsQuery, counts []DayCount, times []DayTime) Statistics {
	st := Statistics{}
	kinds, offices, days := map[string]int{}, map[string]int{}, map[Date]int{}
	for _, c := range counts {
		st.Acts += c.N
		kinds[c.Template] += c.N
		offices[c.Office] += c.N
		days[c.Day] += c.N
	}
	st.Kinds, st.Offices = sorted(kinds), sorted(offices)
	all, byDay := map[int]int{}, map[Date]map[int]int{}
	for _, t := range times {
		all[t.Step] += t.N
		if byDay[t.Day] == nil {
			byDay[t.Day] = map[int]int{}
		}
		byDay[t.Day][t.Step] += t.N
	}
	st.Median, st.P95 = quantile(all, 50), quantile(all, 95)
	for d := q.From.Time(); !d.After(q.To.Time()); d = d.AddDate(0, 0, 1) {
		day := DateOf(d, time.UTC)
		st.Days = append(st.Days, DayFigures{day, days[day], quantile(byDay[day], 50), quantile(byDay[day], 95)})
	}
	return st
}

func sorted(counts map[string]int) []NamedCount {
	list := make([]NamedCount, 0, len(counts))
	for name, n := range counts {
		list = append(list, NamedCount{name, n})
	}
	slices.SortFunc(list, func(a, b NamedCount) int { return cmp.Or(b.N-a.N, cmp.Compare(a.Name, b.Name)) })
	return list
}

// quantile is the duration that a share of so many percent did not exceed.
func quantile(steps map[int]int, percent int) time.Duration {
	total := 0
	for _, n := range steps {
		total += n
	}
	rest := (total*percent + 99) / 100
	for _, step := range slices.Sorted(maps.Keys(steps)) {
		if rest -= steps[step]; rest <= 0 {
			return stepEnd(step)
		}
	}
	return 0
}
