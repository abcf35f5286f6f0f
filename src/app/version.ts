import { createRequire } from 'node:module'

/** Version of this program, from package.json. */
export const version = (createRequire(import.meta.url)('../../package.json') as { version: string }).version

/** Of the Node that runs it. */
export const nodeVersion = process.versions.node
