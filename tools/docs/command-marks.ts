/** Commands of the documents that do not run on one machine, with the reason. The first match applies. */
export const external: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^(?:kubectl|helm)\b/, 'needs a cluster'],
  [/^docker\b/, 'needs a container engine'],
  [/^(?:sudo|systemctl|apt)\b/, 'needs systemd; test/real/debian-package.test.ts installs the package'],
  [/^sysctl -w/, 'changes the kernel'],
  [/^go tool pprof/, 'needs Go; test/real/pprof.test.ts runs it'],
  [/^tcpdump\b/, 'needs tcpdump and traffic'],
  [/^softflowd\b/, 'needs softflowd; test/real/exporters.test.ts runs it'],
  [/^(?:syft|trivy)\b/, 'needs an image; test/real/sbom.test.ts and sbom-trivy.test.ts run it'],
  [
    /lagoon-remote-insights-remote|INSIGHTS_TOKEN_SECRET=.*weir insights-remote$/,
    'needs Lagoon; test/real/insights-remote.test.ts',
  ],
  [/K_SINK=http:\/\/event-display/, 'needs Knative; test/real/knative.test.ts'],
  [/^(?:OS_CLOUD)=.*cts-exporter/, 'needs clouds.yaml and a cloud; test/real/cts-receiver.test.ts'],
  [
    /^weir flows-to-clickhouse.*(?<!--print-config)$/,
    'needs Kafka and ClickHouse; test/real/flows-to-clickhouse.test.ts',
  ],
  [/^NATS_SERVER_URL=/, 'needs NATS; test/real/kollect.test.ts and bus-check.test.ts'],
  [/^NEO4J_URI=neo4j:/, 'needs Neo4j; test/real/neo4j-sink.test.ts'],
  [/^EXOSCALE_API_KEY=/, 'needs Exoscale; test/real/exoscale-exporter.test.ts'],
  [/^weir netobserv/, 'needs a configuration of NetObserv; test/real/netobserv-outputs.test.ts'],
  [/weir\.example\.com|collector\.example/, 'names an example host'],
  [/^weir insights-remote .*--print-config$/, 'needs the secret of the tokens; src/cli/insights-remote.test.ts'],
  [/^weir init$/, 'needs a terminal; src/cli/init.test.ts'],
  [/^git pull/, 'the clone has no newer commit'],
  [/weir_0\.1\.0_|\/etc\/weir/, 'needs files of an installation'],
  [/--sink bus|sink\/bus|\bbus http:|\bretry bus\b|http:3:812:0/, 'needs the sink `bus` and its dead letters'],
  [/\$DIGEST|web\.json/, 'needs the digest of an image; src/connectors/sbom tests it'],
  [/aws:123456789012\//, 'needs a resource of an account; test/real/aws-inventory-moto.test.ts'],
  [/^weir alerts test/, 'needs the rule; src/api/routes/alerts.test.ts'],
  [/^weir replay/, 'needs a capture; src/cli/replay.test.ts'],
]

/** Commands that run until they are stopped; they must still run after five seconds. */
export const endless =
  /^(?:npm (?:ci && npm )?start\b|npm run demo|weir (?:run|top)$|weir run |\S+\/bin\/weir run|weir tap )/

/** Commands that install or build: they need the registry of npm, or take minutes. */
export const building = /^(?:npm (?:ci|pack|install|run (?:build|archives|debian|image))\b|tar -xzf dist)/

/** Exit codes other than 0 that are right without data. */
export const expectedCodes: readonly (readonly [pattern: RegExp, codes: readonly number[], reason: string])[] = [
  [/\bdoctor\b/, [0, 1], 'a check of this machine may fail'],
  [/\bvalidate\b.*--live/, [0, 1], 'a port of the running Weir is in use'],
]

/** Nothing else is run. */
export const programs =
  /^(?:[A-Z_][A-Z0-9_]*=\S+ |[A-Z_]+="[^"]*" )*(?:weir|npm|node|curl|git|tar|sudo|systemctl|sysctl|go|softflowd|tcpdump|syft|trivy|kubectl|docker|weir-\S+\/bin\/weir)\b/
