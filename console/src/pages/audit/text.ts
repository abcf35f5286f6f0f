/** Minimal sources of audit traces; all settings are in docs/guide/cloud-audit.md and kubernetes-audit.md. */
export const recipes = [
  {
    id: 'otc-cts',
    title: 'Open Telekom Cloud',
    text: `sources:
  cts:
    type: otc-cts
    auth: { type: clouds }        # clouds.yaml in OpenStack's search path
    projects: []                  # empty: the project of clouds.yaml
    backfill: 7d
`,
  },
  {
    id: 'cloudtrail',
    title: 'AWS',
    text: `sources:
  aws:
    type: cloudtrail              # credentials of the AWS default chain
    from:
      type: lookup
      regions: [eu-central-1, us-east-1]
      backfill: 7d
`,
  },
  {
    id: 'exoscale-events',
    title: 'Exoscale',
    text: `sources:
  exoscale:
    type: exoscale-events
    key: env:EXOSCALE_API_KEY
    secret: env:EXOSCALE_API_SECRET
    zones:
      - name: ch-gva-2
    backfill: 7d
`,
  },
  {
    id: 'kube-audit',
    title: 'Kubernetes',
    text: `sources:
  audit:
    type: kube-audit              # webhook of the API server
    cluster: prod-eu
    listen: 0.0.0.0:9443
    token: env:AUDIT_TOKEN
    tls: { cert_file: /etc/weir/tls.crt, key_file: /etc/weir/tls.key }
`,
  },
] as const
