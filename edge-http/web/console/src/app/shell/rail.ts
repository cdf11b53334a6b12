import { ChatDotRound, DataBoard, Setting } from '@element-plus/icons-vue'
import { Permission } from '@kefu/sdk'
import type { Component } from 'vue'

/** An entry of the rail. */
export interface RailEntry {
  to: string
  /** The key of its name. */
  title: string
  icon: Component
  /** Who sees it; without one everybody. */
  permission?: string
}

/** The areas of the console, in the order of the rail. */
export const RAIL: readonly RailEntry[] = [
  { to: '/workbench', title: 'app.rail.workbench', icon: ChatDotRound, permission: Permission.AGENT_SERVE },
  { to: '/board', title: 'app.rail.board', icon: DataBoard, permission: Permission.SESSION_ASSIGN },
  { to: '/admin', title: 'app.rail.admin', icon: Setting },
]
