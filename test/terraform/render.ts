// Runs modules/render by Terraform itself, without providers: the outputs are what modules/stack applies.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { ROOT, runCommand, type CommandResult } from '../../tools/kit/command.ts'
import type { Rendered } from '../../deploy/terraform/lint/from-render.ts'

export interface RenderOutputs extends Rendered {
  readonly rule_files: Readonly<Record<string, string>>
  readonly secret_names: Readonly<Record<string, readonly string[]>>
  readonly role_attribute_path: string
  readonly memory: { readonly sum: number; readonly capacity: number | null }
}

const LIMIT = 300_000

/** Version of the installed Terraform; undefined without one. */
export async function findTerraform(): Promise<string | undefined> {
  const ran = await runCommand('terraform', ['version', '-json'], { limit: LIMIT }).catch(() => undefined)
  if (ran?.code !== 0) return undefined
  return (JSON.parse(ran.stdout) as { terraform_version: string }).terraform_version
}

/** Terraform in a folder, without the user's configuration and without calls to any other address. */
export async function terraform(folder: string, ...args: readonly string[]): Promise<CommandResult> {
  const settings = join(folder, 'empty.tfrc')
  await writeFile(settings, '')
  return runCommand('terraform', args, {
    cwd: folder,
    limit: LIMIT,
    env: { TF_CLI_CONFIG_FILE: settings, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1', NO_COLOR: '1' },
  })
}

export class RenderError extends Error {}

/** Outputs of the module for a stack. Throws `RenderError` with Terraform's text. */
export async function render(stack: object): Promise<RenderOutputs> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-render-'))
  const module = relative(folder, join(ROOT, 'deploy/terraform/modules/render'))
  // A relative path: Terraform copies a module with an absolute one, and files beside it are missing then.
  await writeFile(
    join(folder, 'main.tf.json'),
    JSON.stringify({
      variable: { stack: { type: 'any' } },
      module: { render: { source: module, stack: '${var.stack}' } },
      // Sensitive, so that a plan does not print it.
      output: { all: { value: '${module.render}', sensitive: true } },
    }),
  )
  await writeFile(join(folder, 'stack.auto.tfvars.json'), JSON.stringify({ stack }))
  try {
    for (const args of [
      ['init', '-no-color'],
      ['apply', '-no-color', '-auto-approve'],
    ]) {
      const ran = await terraform(folder, ...args)
      if (ran.code !== 0) throw new RenderError(ran.output)
    }
    return JSON.parse((await terraform(folder, 'output', '-json', 'all')).stdout) as RenderOutputs
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
