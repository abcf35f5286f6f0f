import { isMain } from '../../../tools/kit/main.ts'
import type { Installed } from './apt.ts'

/** `npm run ts test/real/install/NAME.ts`: installs it, and prints the result. */
export async function sayInstalled(metaUrl: string, name: string, install: () => Promise<Installed>): Promise<void> {
  if (!isMain(metaUrl)) return
  const result = await install()
  console.log(result.path === undefined ? result.reason : `${name} ${result.version} (${result.path})`)
  process.exitCode = result.path === undefined ? 1 : 0
}
