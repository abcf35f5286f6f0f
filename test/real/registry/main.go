// Two registries with storage in memory. They print one line for each request.
//
//	registry referrers    HOST:PORT         go-containerregistry, with the referrers API
//	registry distribution CONFIG_FILE       the reference registry of the distribution project, without that API
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/distribution/distribution/v3/configuration"
	distribution "github.com/distribution/distribution/v3/registry"
	_ "github.com/distribution/distribution/v3/registry/auth/token"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/inmemory"
	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	if len(os.Args) != 3 {
		fail("usage: registry referrers HOST:PORT | distribution CONFIG_FILE")
	}
	switch os.Args[1] {
	case "referrers":
		logger := log.New(os.Stdout, "", 0)
		handler := registry.New(registry.WithReferrersSupport(true), registry.Logger(logger))
		fail(http.ListenAndServe(os.Args[2], handler))
	case "distribution":
		file, err := os.Open(os.Args[2])
		if err != nil {
			fail(err)
		}
		config, err := configuration.Parse(file)
		if err != nil {
			fail(err)
		}
		server, err := distribution.NewRegistry(context.Background(), config)
		if err != nil {
			fail(err)
		}
		fail(server.ListenAndServe())
	default:
		fail("unknown registry")
	}
}

func fail(problem any) {
	fmt.Fprintln(os.Stderr, problem)
	os.Exit(1)
}
