import { runCommand } from './command.ts'

/** Paths that differ from the revision, also those that Git does not track. Rejects if there is no such revision. */
export async function changedSince(root: string, revision: string): Promise<readonly string[]> {
  const lines = async (...args: string[]): Promise<readonly string[]> => {
    const { code, stdout, output } = await runCommand('git', ['-C', root, ...args], { limit: 60_000 })
    if (code !== 0) throw new Error(`git ${args.join(' ')} failed: ${output.trim()}`)
    return stdout.split('\n').filter((line) => line !== '')
  }
  return [
    ...(await lines('diff', '--name-only', '--end-of-options', revision)),
    ...(await lines('ls-files', '--others', '--exclude-standard')),
  ]
}
