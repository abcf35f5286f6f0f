import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `installation.json` beside package.json names it; the builders of release/ write the file. */
export type InstallationKind = 'checkout' | 'package' | 'archive' | 'debian' | 'image'

/** Where a server of the installation keeps its data, and the configuration that it reads there. */
export type Place = Readonly<{ data: string; config?: string }>

export type Installation = Readonly<{
  kind: InstallationKind
  places: readonly Place[]
  /** Sentence for a user who finds no server. */
  start: string
}>

const unit: Place = { data: '/var/lib/weir', config: '/etc/weir' }

/** `root` has package.json. */
export function installationOf(kind: InstallationKind, root: string): Installation {
  switch (kind) {
    case 'checkout':
      return { kind, places: [{ data: `${root}/weir-data` }], start: 'Start it with `npm start`.' }
    case 'package':
      return { kind, places: [unit], start: 'Start it with `weir run`.' }
    case 'archive':
      // In lib/weir of the archive.
      return {
        kind,
        places: [{ data: `${dirname(dirname(root))}/weir-data` }, unit],
        start: 'Start it with `weir run`.',
      }
    case 'debian':
      return { kind, places: [unit], start: 'Start it with `sudo systemctl start weir`.' }
    case 'image':
      return {
        kind,
        places: [{ data: '/data', config: '/etc/weir' }],
        start: 'The default command of the image starts it. Run other commands in the same container.',
      }
  }
}

let installation: Installation | undefined

export function thisInstallation(): Installation {
  installation ??= read(createRequire(import.meta.url), dirname(dirname(dirname(fileURLToPath(import.meta.url)))))
  return installation
}

function read(require: NodeJS.Require, root: string): Installation {
  const isCheckout = (require('../../package.json') as { private?: boolean }).private === true
  if (isCheckout) return installationOf('checkout', root)
  try {
    return installationOf((require('../../installation.json') as { kind: InstallationKind }).kind, root)
  } catch {
    // The folder of `npm install`.
    return installationOf('package', root)
  }
}
