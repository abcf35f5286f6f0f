/** A kubeconfig, as JSON, for a server without authentication. `authority`: its certificate in PEM, for https. */
export function kubeconfigOf(server: string, authority?: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'x' } }],
    clusters: [
      {
        name: 'x',
        cluster: {
          server,
          ...(authority === undefined
            ? {}
            : { 'certificate-authority-data': Buffer.from(authority).toString('base64') }),
        },
      },
    ],
    users: [],
  })
}
