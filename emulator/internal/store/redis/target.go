package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// target is where a store is, as its URL says.
type target struct {
	shown  string // host and port, for messages
	prefix string
	// One of these is set. A single server may turn out to be of a cluster.
	single   *redis.Options
	failover *redis.FailoverOptions
	cluster  *redis.ClusterOptions
}

// defaultPrefix begins all keys where the URL has no prefix.
const defaultPrefix = "tokenstage"

// AddressError says what is wrong with the URL of a store. It shows no part that could be one of a password.
type AddressError struct{ Reason string }

// Error is the reason.
func (e *AddressError) Error() string { return e.Reason }

var (
	errUnreadable = &AddressError{"the URL of the store cannot be read: it is redis://USER:PASSWORD@HOST:PORT/NUMBER, " +
		"rediss:// for TLS, and a password's characters such as / ? # @ : are written as %2F %3F %23 %40 %3A"}
	errPrefix = &AddressError{"the prefix in the URL of the store must be 1 to 100 letters, digits or any of . _ : -"}
)

// parse reads a URL as go-redis does, and the option prefix beside its own. The client is that of Sentinel where
// master_name is given, that of a cluster where addr is, else that of one server. No error shows a part of the URL that
// could be one of the password.
func parse(address string) (target, error) {
	u, err := url.Parse(address)
	if err != nil || u.Fragment != "" || strings.Contains(u.RawQuery+u.Path, "@") ||
		(u.Scheme != "redis" && u.Scheme != "rediss") {
		return target{}, errUnreadable
	}
	query := u.Query()
	made := target{shown: u.Host, prefix: cmp.Or(query.Get("prefix"), defaultPrefix)}
	if query.Has("prefix") && !goodPrefix(query.Get("prefix")) {
		return target{}, errPrefix
	}
	query.Del("prefix")
	u.RawQuery = query.Encode()
	switch {
	case query.Has("master_name"):
		made.failover, err = redis.ParseFailoverURL(u.String())
	case query.Has("addr"):
		made.cluster, err = redis.ParseClusterURL(u.String())
	default:
		made.single, err = redis.ParseURL(u.String())
	}
	if err != nil {
		return target{}, &AddressError{"the URL of the store: " + strings.TrimPrefix(err.Error(), "redis: ")}
	}
	return made, nil
}

func goodPrefix(text string) bool {
	return text != "" && len(text) <= 100 && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._:-", r)
	})
}

// startTime is how long a store may take to answer for the first time.
const startTime = 5 * time.Second

// connect returns a client of the store, which has answered.
//
//nolint:ireturn // one type for a server, a cluster and Sentinel is what the library has it for
func (t target) connect(ctx context.Context) (redis.UniversalClient, error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	client := t.client()
	server, err := greet(ctx, client)
	for late := net.Error(nil); errors.As(err, &late) && late.Timeout() && ctx.Err() == nil; {
		server, err = greet(ctx, client) // one that is busy may yet answer
	}
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	if err := server.fit(); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	if t.single == nil || server.mode != "cluster" {
		return client, nil
	}
	if err := client.Close(); err != nil {
		return nil, err
	}
	if t.single.DB != 0 {
		return nil, &UnfitError{"it is a cluster, which has the database 0 alone"}
	}
	found := clusterOf(t.single)
	return found.client(), nil
}

//nolint:ireturn // as above
func (t target) client() redis.UniversalClient {
	switch {
	case t.failover != nil:
		o := *t.failover
		o.MaxRetries, o.ContextTimeoutEnabled = -1, true
		o.DisableIdentity, o.DialerRetries = true, 1
		o.DialTimeout, o.PoolSize = cmp.Or(o.DialTimeout, dialTime), cmp.Or(o.PoolSize, connections)
		return redis.NewFailoverClient(&o)
	case t.cluster != nil:
		o := *t.cluster
		o.MaxRetries, o.ContextTimeoutEnabled, o.MaintNotificationsConfig = -1, true, noMaintenance()
		o.DisableIdentity, o.DialerRetries, o.DisableRoutingPolicies = true, 1, true
		o.DialTimeout, o.PoolSize = cmp.Or(o.DialTimeout, dialTime), cmp.Or(o.PoolSize, connections)
		o.ReadOnly, o.RouteByLatency, o.RouteRandomly = false, false, false // replicas lag behind
		return redis.NewClusterClient(&o)
	}
	o := *t.single
	o.MaxRetries, o.ContextTimeoutEnabled, o.MaintNotificationsConfig = -1, true, noMaintenance()
	o.DisableIdentity, o.DialerRetries = true, 1
	o.DialTimeout, o.PoolSize = cmp.Or(o.DialTimeout, dialTime), cmp.Or(o.PoolSize, connections)
	return redis.NewClient(&o)
}

// clusterOf is the cluster to which one server belongs.
func clusterOf(o *redis.Options) target {
	return target{cluster: &redis.ClusterOptions{
		Addrs: []string{o.Addr}, Username: o.Username, Password: o.Password, TLSConfig: o.TLSConfig, Protocol: o.Protocol,
		ClientName: o.ClientName, DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
		PoolFIFO: o.PoolFIFO, PoolSize: o.PoolSize, PoolTimeout: o.PoolTimeout, MinIdleConns: o.MinIdleConns,
		MaxIdleConns: o.MaxIdleConns, MaxActiveConns: o.MaxActiveConns, ConnMaxIdleTime: o.ConnMaxIdleTime,
		ConnMaxLifetime: o.ConnMaxLifetime,
	}}
}

// server is what a store says of itself.
type server struct{ name, version, mode string }

// greet asks the store what it is.
func greet(ctx context.Context, client redis.UniversalClient) (server, error) {
	reply, err := client.Do(ctx, "HELLO").Result()
	if err != nil {
		return server{}, err
	}
	said := map[string]string{}
	switch reply := reply.(type) {
	case map[any]any:
		for name, value := range reply {
			said[fmt.Sprint(name)] = fmt.Sprint(value)
		}
	case []any:
		for pair := range slices.Chunk(reply, 2) {
			said[fmt.Sprint(pair[0])] = fmt.Sprint(pair[len(pair)-1])
		}
	}
	return server{said["server"], said["version"], said["mode"]}, nil
}

// The first version of Redis that has what the script needs.
const neededMajor, neededMinor = 6, 2

// fit refuses a server that is too old.
func (s server) fit() error {
	parts := strings.SplitN(s.version, ".", 3)
	if s.name != "redis" || len(parts) < 2 {
		return nil // Valkey began later; what else speaks the protocol is tried
	}
	major, _ := strconv.Atoi(parts[0])
	minor, _ := strconv.Atoi(parts[1])
	if major < neededMajor || major == neededMajor && minor < neededMinor {
		return &UnfitError{fmt.Sprintf("it is Redis %s, and Redis %d.%d or newer, or Valkey, is needed",
			s.version, neededMajor, neededMinor)}
	}
	return nil
}
