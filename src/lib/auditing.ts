/** Settings that decide what is audited and logged, and pgAudit's own objects, wherever they are named. */
export const AUDITING = /pgaudit|\blog_[a-z]|\blogging_collector\b|_preload_libraries\b|\blc_messages\b/i;
