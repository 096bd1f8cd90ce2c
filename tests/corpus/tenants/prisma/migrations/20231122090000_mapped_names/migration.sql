-- RenameTable
ALTER TABLE "invitations" RENAME TO "invites";

-- AlterTable
ALTER TABLE "invites" RENAME CONSTRAINT "invitations_pkey" TO "invites_pkey";

-- RenameIndex
ALTER INDEX "invitations_email" RENAME TO "invites_email";

-- RenameForeignKey
ALTER TABLE "memberships" RENAME CONSTRAINT "memberships_organization_id_fkey" TO "memberships_org_fkey";
