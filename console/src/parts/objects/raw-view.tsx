import { useState } from 'react'
import { CopyButton } from '../copy-button.tsx'
import { yamlOf } from './yaml.ts'
import { objectsText } from './text.ts'

const forms = { YAML: yamlOf, JSON: (value: object) => JSON.stringify(value, undefined, 2) } as const
type Form = keyof typeof forms

/** The stored object as text: without noise, with digests in place of secrets. */
export function RawView({ of, what }: { of: object; what: string }): React.ReactNode {
  const [form, setForm] = useState<Form>('YAML')
  const text = forms[form](of)
  return (
    <>
      <div className="raw-acts">
        <div role="group" aria-label={objectsText.format}>
          {(Object.keys(forms) as Form[]).map((each) => (
            <button
              key={each}
              type="button"
              className="chip"
              aria-pressed={each === form}
              onClick={() => setForm(each)}
            >
              {each}
            </button>
          ))}
        </div>
        <CopyButton text={text} />
      </div>
      <pre className="raw" tabIndex={0} aria-label={objectsText.shownAs(what, form)}>
        {text}
      </pre>
    </>
  )
}
