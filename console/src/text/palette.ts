export const paletteText = {
  flowsOf: (meaning: string) => `Flows: ${meaning}`,
  auditOf: (address: string) => `Audit: from ${address}`,
  object: 'object',
  actor: 'actor',
  address: 'address',
  namespace: 'namespace',
  traffic: 'traffic',
  documentation: 'documentation',
  inNamespace: (name: string) => `Namespace ${name}`,
  searching: 'Searching …',
  investigate: (name: string) => `Investigate: ${name}`,
}

/** Further words that find a page. */
export const pageWords: Readonly<Record<string, string>> = {
  '/home': 'start connect exporters overview',
  '/flows': 'network traffic table live',
  '/changes': 'kubernetes cluster diff user timeline',
  '/audit': 'user action traces cloudtrail cts login actor graph',
  '/insights': 'images packages problems vulnerabilities cve sbom where log4j',
  '/inventory': 'clouds accounts instances volumes load balancers orphans detached unused',
  '/spend': 'costs money invoices billing focus finops month',
  '/events': 'cloudevents live',
  '/resources': 'kubernetes object pod deployment node service find',
  '/charts': 'metrics points series feeds numbers chart builder',
  '/dashboards': 'panels grid chart board saved',
  '/sql': 'query store statement',
  '/pipeline': 'sources sinks ledger lag journal',
  '/dead-letters': 'refused retry drop',
  '/settings': 'theme dark light density keys me role version sign out',
  '/investigate': 'timeline lanes workload actor address incident report markdown pin',
}
