// Lines of a Kubernetes watch.

export function eventLine(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`
}

/** The bookmark that ends the initial events of pods. */
export function bookmark(version: number): object {
  const annotations = { 'k8s.io/initial-events-end': 'true' }
  return { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: String(version), annotations } }
}
