/** Reports are written as a scanner writes them; the problems are invented. */
export const report = (
  packages: readonly (readonly [name: string, version: string])[],
  problems: readonly object[],
): object => ({
  SchemaVersion: 2,
  ArtifactName: 'registry.example/shop/api',
  Results: [
    {
      Target: 'app.jar',
      Type: 'jar',
      Packages: packages.map(([name, version]) => ({ Name: name, Version: version })),
      Vulnerabilities: problems,
    },
  ],
})

export const log4shell = {
  VulnerabilityID: 'CVE-2021-44228',
  PkgName: 'log4j-core',
  InstalledVersion: '2.14.1',
  FixedVersion: '2.17.1',
  Severity: 'CRITICAL',
}

export async function putReport(url: string, image: string, body: object): Promise<void> {
  const response = await fetch(`${url}/api/v1/images/${image}/sbom`, { method: 'PUT', body: JSON.stringify(body) })
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
}
