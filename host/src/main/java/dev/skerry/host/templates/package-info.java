/**
 * Templates: the read-only root file systems that sandboxes start from, kept content-addressed under a data folder.
 *
 * <p>{@link dev.skerry.host.templates.TemplateStore} is the entry. {@code base} is a view of the host's own packages,
 * made of hard links; others are unpacked from OCI images on disk, which are hostile input. Nothing under a layer
 * folder ever changes once the folder has its final name: everything is built in a locked temporary folder and renamed.
 */
@NullMarked
package dev.skerry.host.templates;

import org.jspecify.annotations.NullMarked;
