import { Component } from 'react'
import { ErrorState } from '../../parts/states.tsx'

type BoundaryProps = Readonly<{ resetKey: string; children: React.ReactNode }>
type BoundaryState = Readonly<{ error: unknown; key: string }>

/** A panel that fails while it is drawn leaves the others as they are. */
export class PanelBoundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { error: undefined, key: this.props.resetKey }

  static getDerivedStateFromError(error: unknown): Partial<BoundaryState> {
    return { error }
  }

  static getDerivedStateFromProps({ resetKey }: BoundaryProps, { key }: BoundaryState): Partial<BoundaryState> | null {
    return resetKey === key ? null : { error: undefined, key: resetKey }
  }

  override render(): React.ReactNode {
    const { error } = this.state
    if (error === undefined) return this.props.children
    return <ErrorState error={error} onRetry={() => this.setState({ error: undefined })} />
  }
}
