// What `init` offers to choose from. Apart from the rest of it, because the command line names these words and loads
// nothing of any command.

/** The channels whose URL is all that they need; `none`: nobody is notified, which is accepted. */
export const FIRST_ALERTS = ['wecom', 'dingtalk', 'feishu', 'slack', 'webhook', 'none'] as const;
export type FirstAlerts = (typeof FIRST_ALERTS)[number];

/** The sites of Tencent Cloud. */
export const FIRST_SITES = ['domestic', 'international'] as const;
export type FirstSite = (typeof FIRST_SITES)[number];

/** How the program will run: with Docker Compose, or on this machine without it. */
export const FIRST_PLACES = ['docker', 'machine'] as const;
export type FirstPlace = (typeof FIRST_PLACES)[number];
