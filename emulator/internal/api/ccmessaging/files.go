package ccmessaging

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Bounds of files: that of one is documented for the download (page downloadFileStream, Scenario), that of a sandbox's
// files together is ours.
const (
	maxFile  = 2 << 20
	maxFiles = 16 << 20
)

// localFile begins the id of a file that was uploaded (page downloadFileStream, fileId).
const localFile = "local/"

// Result codes of the calls about files: page uploadFileStream, returnCode, and page downloadFileStream, resultCode.
const (
	wrongParameter = "3"
	noObjectKey    = "401"
)

// uploadTypes and downloadTypes are the kinds of files (pages uploadFileStream and downloadFileStream, fileType; both
// misprint bmp as bpm). A public collection of requests uploads pdf.
var (
	uploadTypes   = []string{"jpg", "jpeg", "png", "bmp", "bpm", "mp3", "aac", "mp4", "txt", "csv", "pdf"}
	downloadTypes = append(slices.Clone(uploadTypes), "richtext", "doc", "docx", "zip")
)

// file is what was uploaded.
type file struct {
	Type string `cbor:"1,keyasint"`
	Data []byte `cbor:"2,keyasint"`
}

const (
	filePrefix = "ccmessaging/file/" // and an object key: a file
	filesKey   = "ccmessaging/files" // how many bytes the files have together
)

// upload keeps a file and names it by a key.
func upload(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	c, err := admit(ctx, turn, call)
	if err != nil {
		return wire.Result{}, err
	}
	kind := strings.ToLower(api.Text(call, "fileType"))
	data, err := base64.StdEncoding.DecodeString(api.Text(call, "fileStream"))
	switch {
	case !slices.Contains(uploadTypes, kind):
		return wire.Result{}, refuseFile(wrongParameter, fmt.Sprintf(
			"Files of type %.40q are not taken; these are: %s.", kind, strings.Join(uploadTypes, ", ")))
	case err != nil:
		return wire.Result{}, refuseFile(wrongParameter, "fileStream is not base64 with padding: "+err.Error()+".")
	case len(data) > maxFile:
		return wire.Result{}, refuseFile(failed, fmt.Sprintf(
			"The file has %d bytes; a file has at most %d.", len(data), maxFile))
	}
	header, findings, err := c.renew(ctx, turn, call)
	if err != nil {
		return wire.Result{}, err
	}
	key := turn.UUID()
	raw, err := record.Write(file{Type: kind, Data: data})
	if err != nil {
		return wire.Result{}, err
	}
	if err := keep(ctx, turn, key, raw); err != nil {
		return wire.Result{}, err
	}
	return wire.Result{Header: header, Findings: findings, Body: wire.Object{
		{Name: "returnCode", Value: succeeded},
		{Name: "resultCode", Value: succeeded},
		{Name: "objectKey", Value: key},
	}}, nil
}

func refuseFile(code, why string) *wire.Fault { return api.Refuse("resultCode."+code, "file", why) }

// keep writes a file unless the sandbox holds too much already.
func keep(ctx context.Context, turn *sandbox.Turn, key string, raw []byte) error {
	size := int64(len(raw))
	sum := store.Increment{Key: filesKey, Delta: size, Limit: maxFiles}
	if err := turn.Space().Do(ctx, &sum, &store.Put{Key: filePrefix + key, Value: raw}); err != nil {
		return fmt.Errorf("keep the file: %w", err)
	}
	if sum.Sum <= maxFiles {
		return nil
	}
	if _, err := turn.Space().Increment(ctx, filesKey, -size, time.Time{}); err != nil {
		return fmt.Errorf("count the files: %w", err)
	}
	return refuseFile(failed, fmt.Sprintf(
		"The files of a sandbox have at most %d bytes together, and with this one they would have %d. A reset forgets them.",
		maxFiles, sum.Sum))
}

// download gives a file back.
func download(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	_, header, findings, err := enter(ctx, turn, call, "", "")
	if err != nil {
		return wire.Result{}, err
	}
	id, kind := strings.TrimPrefix(api.Text(call, "fileId"), localFile), strings.ToLower(api.Text(call, "fileType"))
	switch {
	case id == "":
		return wire.Result{}, refuseFile(noObjectKey, "fileId names no file.")
	case !slices.Contains(downloadTypes, kind):
		fault := refuseFile(failed, fmt.Sprintf(
			"There are no files of type %.40q; types are: %s.", kind, strings.Join(downloadTypes, ", ")))
		fault.Message = "param filetype Out of range!"
		return wire.Result{}, fault
	}
	raw, found, err := turn.Space().Get(ctx, filePrefix+id)
	if err != nil {
		return wire.Result{}, fmt.Errorf("look up the file: %w", err)
	}
	if !found {
		return wire.Result{}, refuseFile(failed, fmt.Sprintf("This sandbox has no file %.80q.", id))
	}
	var kept file
	if err := record.Read(raw, &kept); err != nil {
		return wire.Result{}, fmt.Errorf("read the file: %w", err)
	}
	if kind != kept.Type {
		findings = append(findings, wire.Finding{
			Check: "parameter fileType", Level: wire.LevelAdvice, Expected: kept.Type, Got: kind,
			Message: "The file was uploaded under another type.",
		})
	}
	return wire.Result{Header: header, Findings: findings, Body: wire.Object{
		{Name: "fileStream", Value: base64.StdEncoding.EncodeToString(kept.Data)},
		{Name: "resultCode", Value: succeeded},
	}}, nil
}

// mediaTypes are those whose content names an uploaded file: by its key alone, or as name,size,key,ext or key,ext (page
// send, content).
var mediaTypes = []string{"IMAGE", "AUDIO", "VIDEO", "FILE", "FILE_IMAGE", "FILE_VIDEO"}

// keyLength is that of an object key, a UUID.
const keyLength = 36

// attachment is the type of the uploaded file that a message names; empty for a message that names none.
func attachment(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (string, error) {
	if !slices.Contains(mediaTypes, api.Text(call, "mediaType")) {
		return "", nil
	}
	parts := strings.Split(api.Text(call, "content"), ",")
	for _, key := range parts[max(len(parts)-2, 0):] { // the key is the last part, or stands before the extension
		if len(key) != keyLength {
			continue
		}
		raw, found, err := turn.Space().Get(ctx, filePrefix+key)
		if err != nil {
			return "", fmt.Errorf("look up the file of the message: %w", err)
		}
		if !found {
			continue
		}
		var kept file
		err = record.Read(raw, &kept)
		return kept.Type, err
	}
	return "", nil
}
