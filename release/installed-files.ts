// Files of installations beside the package: where its server keeps data, completions, and the manual page.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { InstallationKind } from '../src/cli/installation.ts'
import { ROOT, runCommand } from '../tools/kit/command.ts'

/** `lib` has package.json. src/cli/installation.ts reads the file. */
export async function writeInstallation(lib: string, kind: InstallationKind): Promise<void> {
  await writeFile(join(lib, 'installation.json'), `${JSON.stringify({ kind })}\n`)
}

const helpFiles: readonly (readonly [path: string, ...command: string[]])[] = [
  ['bash-completion/completions/weir', 'completion', 'bash'],
  ['zsh/site-functions/_weir', 'completion', 'zsh'],
  ['fish/vendor_completions.d/weir.fish', 'completion', 'fish'],
  ['man/man1/weir.1', 'man'],
]

/** `share`: the folder that shells and `man` read below a prefix. */
export async function writeHelpFiles(share: string): Promise<void> {
  for (const [path, ...command] of helpFiles) {
    const { code, stdout, output } = await runCommand(process.execPath, [join(ROOT, 'bin/weir.mjs'), ...command], {
      limit: 60_000,
    })
    if (code !== 0) throw new Error(`weir ${command.join(' ')} failed:\n${output}`)
    await mkdir(join(share, dirname(path)), { recursive: true })
    await writeFile(join(share, path), stdout)
  }
}
